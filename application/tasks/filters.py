"""The filters people keep for their lists of tasks: saved, changed, removed by whose they are, and forgotten with an account."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from application.shared.preconditions import must_be_version
from application.shared.reaction import reacts
from domain.identity.events import UserErased, UserForgotten
from domain.shared.event import Recorded
from domain.shared.merge_patch import merged
from domain.shared.refused import Forbidden
from domain.tasks.account import Account
from domain.tasks.filters import Filter, Filters, filters_id


class SaveFilter(Command, frozen=True):
    """Keep a filter. `query`: the parameters of a list of tasks, judged where lists are asked for."""

    name: str
    query: dict[str, Any]


class ChangeFilter(Command, frozen=True):
    """Name it otherwise, or change what it filters by a merge patch; what is UNSET stays."""

    filter_id: UUID
    name: str | UnsetType = UNSET
    query: dict[str, Any] | UnsetType = UNSET
    if_match: int | None = None


class RemoveFilter(Command, frozen=True):
    """Keep a filter no more."""

    filter_id: UUID
    if_match: int | None = None


class ForgetFilters(Command, frozen=True):
    """Keep no filter of an erased account."""

    user_id: UUID


@handles(SaveFilter)
async def save_filter(command: SaveFilter, ports: Ports) -> Filter:
    """Raises `Invalid`, `FilterNameTaken`, `TooManyFilters`."""
    user_id, filters = await _own(ports)
    filter_id = ports.new_id()
    return ports.log.stage(filters, *filters.save(user_id, filter_id, command.name, command.query, ports.now)).one(filter_id)


@handles(ChangeFilter)
async def change_filter(command: ChangeFilter, ports: Ports) -> Filter:
    """Raises `NotFound`, `PreconditionFailed`, `Invalid`, `FilterNameTaken`."""
    user_id, filters = await _own(ports)
    before = filters.one(command.filter_id)
    must_be_version(before.version, command.if_match)
    name = before.name if command.name is UNSET else command.name
    query = before.query if command.query is UNSET else merged(before.query, command.query)
    return ports.log.stage(filters, *filters.change(user_id, before.id, name, query, ports.now)).one(before.id)


@handles(RemoveFilter)
async def remove_filter(command: RemoveFilter, ports: Ports) -> None:
    """Raises `NotFound` (also the second time), `PreconditionFailed`."""
    user_id, filters = await _own(ports)
    must_be_version(filters.one(command.filter_id).version, command.if_match)
    ports.log.stage(filters, *filters.remove(user_id, command.filter_id, ports.now))


@handles(ForgetFilters)
async def forget_filters(command: ForgetFilters, ports: Ports) -> None:
    """Told twice, nothing new happens."""
    must(ports.caller, "tasks:forget-filters")  # Nobody's: only Daybook itself does it.
    if (await ports.log.load(Account, command.user_id)).erased:
        filters = await ports.log.load(Filters, filters_id(command.user_id))
        ports.log.stage(filters, *filters.forget(command.user_id, ports.now))


@reacts("tasks.filters", UserErased, UserForgotten)
def forgetting(recorded: Recorded[Any]) -> Iterable[ForgetFilters]:
    """At once, and once more when nobody can act for the account any more."""
    yield ForgetFilters(user_id=recorded.event.user_id)


async def _own(ports: Ports) -> tuple[UUID, Filters]:
    must(ports.caller, "tasks:filter")
    if ports.caller.id is None:
        raise Forbidden
    return ports.caller.id, await ports.log.load(Filters, filters_id(ports.caller.id))
