"""The read model `people`: every account, its names still sealed. The only place where personal fields are kept (mechanisms R8)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.identity.events import RoleGranted, RoleRevoked, UserDisabled, UserEnabled, UserRegistered
from domain.identity.role import Role, furthest
from domain.shared.event import Recorded
from projections.identity.person_keys import PersonKeys
from projections.shared.read_model import ReadModel, Row, read_model
from projections.shared.reading import Freshness, Seen, SeenMany, Tables


class Account(Row, frozen=True, gc=False):
    """An account. `roles` are words with spaces between them, `role` is the one that decides."""

    id: UUID
    version: int
    email: str
    """Sealed, as `name`."""
    name: str
    created_at: datetime
    roles: str = ""
    role: str = Role.USER.value
    active: bool = True


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The account whose stream it is."""
    return (recorded.stream_id,)


def fold(key: UUID, row: Account | None, recorded: Recorded[Any]) -> Account | None:
    """The account after one more fact."""
    event = recorded.event
    if isinstance(event, UserRegistered):
        return Account(key, recorded.version, event.email, event.name, recorded.recorded_at)
    if row is None:
        return None
    held = frozenset(row.roles.split())
    active = row.active
    match event:
        case RoleGranted(role=role):
            held |= {role.value}
        case RoleRevoked(role=role):
            held -= {role.value}
        case UserDisabled() | UserEnabled():
            active = isinstance(event, UserEnabled)
    roles = " ".join(sorted(held))
    return msgspec.structs.replace(row, version=recorded.version, roles=roles, role=furthest(map(Role, held)).value, active=active)


PEOPLE = read_model(
    ReadModel(
        name="people",
        version=1,
        store="postgres",
        row=Account,
        key=("id",),
        listens=(UserRegistered, RoleGranted, RoleRevoked, UserDisabled, UserEnabled),
        keys=keys,
        fold=fold,
        indexes=("role, id",),
        key_is_stream=True,
    )
)


class Shown(msgspec.Struct, frozen=True):
    """An account in clear."""

    id: UUID
    email: str
    name: str
    role: str
    active: bool
    created_at: datetime
    version: int


async def account(tables: Tables, names: PersonKeys, user_id: UUID, fresh: Freshness) -> tuple[Shown | None, Seen[Account]]:
    """One account, as new as its stream, and where it was seen."""
    seen = await tables.one(PEOPLE, user_id, fresh)
    return (None if seen.row is None else await _show(names, seen.row)), seen


async def accounts(
    tables: Tables, names: PersonKeys, fresh: Freshness, *, limit: int, role: str | None = None, after: UUID | None = None
) -> tuple[list[Shown], SeenMany[Account]]:
    """Accounts in the order they were opened (ids are UUIDv7), after one of them; at most `limit`."""
    start = after or UUID(int=0)
    if role is None:
        seen = await tables.many(PEOPLE, "where id > %b order by id limit %b", (start, limit), fresh)
    else:
        seen = await tables.many(PEOPLE, "where role = %b and id > %b order by id limit %b", (role, start, limit), fresh)
    return [await _show(names, row) for row in seen.rows], seen


async def _show(names: PersonKeys, row: Account) -> Shown:
    email, name = await names.open(row.id, row.email, row.name)
    return Shown(row.id, email, name, row.role, row.active, row.created_at, row.version)


async def names_of(tables: Tables, names: PersonKeys, ids: list[UUID]) -> dict[UUID, str]:
    """The names of some accounts, as far as they are known here by now."""
    seen = await tables.many(PEOPLE, "where id = any(%b)", (ids,), Freshness(allow_stale=True))
    return {row.id: (await names.open(row.id, row.name))[0] for row in seen.rows}
