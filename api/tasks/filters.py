"""The filters one keeps for the lists of tasks, each under a name: `GET /api/v1/tasks?filter={id}` applies one."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.shared.access import caller
from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently, if_match
from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from api.shared.querying import Page, one, page
from api.shared.request import Req
from api.shared.routing import change, command, query, remove
from api.tasks.wishing import Said, meant
from application.tasks.filters import ChangeFilter, RemoveFilter, SaveFilter
from domain.shared.merge_patch import merged
from domain.shared.refused import Forbidden
from domain.tasks.filters import NAME, Filters, filters_id
from projections.shared.reading import Freshness

ALL = "/api/v1/tasks/filters"
ONE = "/api/v1/tasks/filters/{filter_id:uuid}"
Name = Annotated[str, Meta(min_length=1, max_length=NAME, examples=["Late and urgent"])]
Moment = Annotated[datetime, Meta(tz=True)]
Sort = Literal[
    "created_at", "-created_at", "updated_at", "-updated_at", "due_date", "-due_date", "priority", "-priority",
    "title", "-title", "status", "-status",
]  # fmt: skip


class FilterQuery(Body, frozen=True, kw_only=True):
    """The parameters of `GET /api/v1/tasks`, in its words; what is left out, or null, is no condition."""

    status: Annotated[str, Meta(max_length=200, examples=["pending,in_progress"])] | UnsetType | None = UNSET
    priority: Annotated[str, Meta(max_length=100, examples=["high,urgent"])] | UnsetType | None = UNSET
    tag: Annotated[str, Meta(max_length=300)] | UnsetType | None = UNSET
    q: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType | None = UNSET
    search: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType | None = UNSET
    owner_id: UUID | UnsetType | None = UNSET
    user_id: UUID | UnsetType | None = UNSET
    assignee_id: UUID | UnsetType | None = UNSET
    watcher: Literal["me"] | UnsetType | None = UNSET
    node_id: UUID | UnsetType | None = UNSET
    project_id: UUID | UnsetType | None = UNSET
    external_id: Annotated[str, Meta(max_length=255)] | UnsetType | None = UNSET
    overdue: bool | UnsetType | None = UNSET
    dead: bool | UnsetType | None = UNSET
    due_from: Moment | UnsetType | None = UNSET
    due_to: Moment | UnsetType | None = UNSET
    created_from: Moment | UnsetType | None = UNSET
    created_to: Moment | UnsetType | None = UNSET
    sort: Sort | UnsetType | None = UNSET


class NewFilter(Body, frozen=True, kw_only=True):
    """A filter to keep; nobody has two of one name, in whatever case."""

    name: Name
    query: FilterQuery


class FilterChanges(Body, frozen=True, kw_only=True):
    """A JSON merge patch (RFC 7396), of the query as well: what is left out stays, null takes a condition away."""

    name: Name | UnsetType = UNSET
    query: FilterQuery | UnsetType = UNSET


class FilterView(msgspec.Struct, frozen=True):
    """A filter. After a command it also carries `position`."""

    id: UUID
    version: int
    name: str
    query: dict[str, Any]
    created_at: datetime
    updated_at: datetime


@query(ALL, needs="tasks:filter", answers=Page[FilterView], tags=["tasks"])
async def list_filters(request: Req) -> Response[bytes]:
    """The filters one keeps, in the order they were made; a hundred at most."""
    filters, position = await _kept(request)
    return page(request, [_view(found) for found in filters.kept.values()], position=position)


@query(ONE, needs="tasks:filter", answers=FilterView, tags=["tasks"])
async def get_filter(request: Req, filter_id: FromPath[UUID]) -> Response[bytes]:
    """One filter."""
    filters, position = await _kept(request)
    found = filters.one(filter_id)
    return one(request, _view(found), version=found.version, position=position)


@command(ALL, needs="tasks:filter", status=201, answers=FilterView, tags=["tasks"])
async def save_filter(request: Req, data: JSONBody[NewFilter]) -> Response[bytes]:
    """Keep a filter."""
    wish = SaveFilter(name=data.name, query=_judged(request, data.query))
    return await carry_out(request, wish, FilterView, status=201, location=f"{ALL}/")


async def filter_is_there(request: Req) -> None:
    """Raises `NotFound` unless the filter the address names is the caller's."""
    (await _kept(request))[0].one(request.path_params["filter_id"])


@change(ONE, needs="tasks:filter", answers=FilterView, tags=["tasks"], exists=filter_is_there)
async def change_filter(request: Req, filter_id: FromPath[UUID], data: JSONBody[FilterChanges]) -> Response[bytes]:
    """Name a filter otherwise, or change what it filters."""
    if data.query is not UNSET:
        _judged(request, data.query)
    said = UNSET if data.query is UNSET else msgspec.to_builtins(data.query)
    wish = ChangeFilter(filter_id=filter_id, name=data.name, query=said, if_match=if_match(request))
    return await carry_out(request, wish, FilterView)


@remove(ONE, needs="tasks:filter", tags=["tasks"], exists=filter_is_there)
async def remove_filter(request: Req, filter_id: FromPath[UUID]) -> Response[None]:
    """Keep a filter no more."""
    return await carry_out_silently(request, RemoveFilter(filter_id=filter_id, if_match=if_match(request)))


async def _kept(request: Req) -> tuple[Filters, int]:
    own = caller(request).id
    if own is None:
        raise Forbidden
    return await parts(request).log.load(Filters, filters_id(own))


def _view(found: Any) -> FilterView:
    return msgspec.convert(found, FilterView, from_attributes=True)


def _judged(request: Req, said: FilterQuery) -> dict[str, Any]:
    """The query as it is kept; raises `BodyRefused` for what the list would refuse."""
    kept: dict[str, Any] = merged({}, msgspec.to_builtins(said))
    try:
        meant(request, Freshness(), msgspec.convert({name: value for name, value in kept.items() if name != "sort"}, Said))
    except BodyRefused as refused:
        raise BodyRefused([FieldError(f"/query/{error.pointer}", error.code, error.message) for error in refused.errors]) from refused
    return kept
