"""Lists of tasks: one's own, and everybody's; as pages after a cursor, as numbered pages with a total, or whole as a stream."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from api.shared.access import caller
from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, read_cursor, streamed, tagged, viewer, with_link, write_cursor
from api.shared.request import Req
from api.shared.routing import query
from api.tasks.seeking import every_place, of_caller
from api.tasks.views import TaskView, task_view
from api.tasks.wishing import Said, Wanted, meant, wanted
from application.shared.task_sight import is_only_node
from domain.shared.refused import NotFound
from domain.tasks.filters import Filters, filters_id
from projections.identity.people import Named, people
from projections.shared.reading import Freshness, SeenMany
from projections.tasks.task_pages import SORTS, Sorting, part, sheet
from projections.tasks.task_row import TaskRow
from projections.tasks.task_search import Sought

STREAMED: Final = 1000
WORDS: Final = ("created_at", *SORTS)
PageNumber = Annotated[int | None, QueryParameter(ge=1, le=10_000, description="Which page, from 1; with it the answer has a `total`.")]
Sort = Annotated[
    str | None,
    QueryParameter(max_length=20, description="`-` in front: from the other end.", schema_extra={"enum": [*WORDS, *(f"-{one}" for one in WORDS)]}),
]
Kept = Annotated[UUID | None, QueryParameter(name="filter", description="A filter one keeps.")]
SEEKS: Final = {"sought": Provide(wanted, sync_to_thread=False)}


class TaskPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of a list; `next_cursor` is null at its end, and a part may be short or empty before that.

    Asked for by `page`, or with `sort` on the first part, also how many there are: `total` is a number, or "10000+" where more than
    10,000 tasks would have to be looked at to tell; then these are of the newest 10,000. `count`: how many are on this page.
    `incomplete`: something is parked.
    """

    items: Sequence[TaskView]
    next_cursor: str | None
    total: int | str | None = None
    count: int | None = None
    page: int | None = None
    incomplete: bool = False


class OwnedTask(TaskView, frozen=True, kw_only=True):
    """A task, and whose it is."""

    owner: Named | None


class OwnedTaskPage(TaskPage, frozen=True, omit_defaults=True):
    """A part of a list of everybody's tasks."""

    items: Sequence[OwnedTask]


class Asked(msgspec.Struct, frozen=True):
    """What is sought, and how it is to be shown. One dependency after the other: side by side, the framework starts tasks for them."""

    sought: Wanted
    limit: int | None
    cursor: str | None
    page: int | None
    sorting: Sorting | None


def asked(sought: NamedDependency[Wanted], limit: Limit = None, cursor: Cursor = None, page: PageNumber = None, sort: Sort = None) -> Asked:
    """How a list is to be shown; raises `BodyRefused` for a sort that is none, and for a page after a cursor."""
    if page is not None and cursor is not None:
        raise BodyRefused([FieldError("cursor", "invalid_cursor", "pages have numbers; no cursor goes with them")])
    return Asked(sought, limit, cursor, page, _sorting(sort))


def _sorting(sort: str | None) -> Sorting | None:
    word = ("-created_at" if sort is None else sort).removeprefix("-")
    if word not in WORDS:
        raise BodyRefused([FieldError("sort", "not_allowed", f"{word}: one of {', '.join(WORDS)} is meant")])
    return None if sort is None else Sorting(word, sort.startswith("-"))


SHOWN: Final = SEEKS | {"how": Provide(asked, sync_to_thread=False)}


@query("/api/v1/tasks", needs="tasks:read", answers=TaskPage, tagged=True, tags=["tasks"], dependencies=SHOWN)
async def list_tasks(request: Req, how: NamedDependency[Asked], by_filter: Kept = None) -> Response[bytes] | Stream:
    """The caller's tasks, newest first: what a person owns or is assigned to, what is assigned to a node (all where no `limit` is given).

    With `project_id` all of a project one sees, with `watcher=me` what one follows. Whoever reads all tasks may name any owner, node or assignee.
    With `filter` as a filter says that one keeps; what else is asked stands instead of what it says of that.
    """
    how = how if by_filter is None else await _filtered(request, how, by_filter)
    return await _Listing(request, await of_caller(request, how.sought), how).answer(whole=is_only_node(caller(request)))


@query("/api/v1/admin/tasks", needs="tasks:list-all", answers=OwnedTaskPage, tagged=True, tags=["tasks"], dependencies=SHOWN)
async def list_all_tasks(
    request: Req,
    how: NamedDependency[Asked],
    include_deleted: FromQuery[bool] = False,  # noqa: FBT002 — a query parameter.
) -> Response[bytes] | Stream:
    """All tasks with their owners, newest first; all of them where no `limit` is given. `dead=true`: failed with no attempt left."""
    sought = how.sought.at(*every_place(how.sought), deleted=include_deleted)
    return await _Owned(request, sought, how).answer(whole=True)


async def _filtered(request: Req, how: Asked, filter_id: UUID) -> Asked:
    """The same, with what a filter of the caller says of all that the request leaves open; raises `NotFound`."""
    own = caller(request).id
    if own is None:
        raise NotFound
    kept = dict((await parts(request).log.load(Filters, filters_id(own)))[0].one(filter_id).query)
    sort = kept.pop("sort", None)
    said = msgspec.convert(kept | msgspec.to_builtins(how.sought.said), Said)
    return msgspec.structs.replace(how, sought=meant(request, how.sought.fresh, said), sorting=how.sorting or _sorting(sort))


class _Listing:
    """One list, as it was asked for."""

    def __init__(self, request: Req, sought: Sought, how: Asked) -> None:
        self.request = request
        self._fresh = how.sought.fresh
        self._sought = sought
        self._how = how
        self._limit = how.limit or DEFAULT_LIMIT
        self._tables = parts(request).tables

    async def answer(self, *, whole: bool) -> Response[bytes] | Stream:
        """The list; `whole`: all of it where nobody limits it."""
        sorting = self._how.sorting
        if self._how.page is not None:
            return await self._numbered(self._how.page)
        if sorting is not None and sorting.by != "created_at":
            return await self._sorted(sorting)
        oldest_first = sorting is not None and not sorting.descending
        return await self._next(STREAMED if whole and self._how.limit is None else self._limit, oldest_first=oldest_first)

    async def views(self, rows: Sequence[TaskRow]) -> Sequence[Any]:
        """Tasks as they are shown."""
        return [task_view(row) for row in rows]

    async def _next(self, limit: int, *, oldest_first: bool) -> Response[bytes] | Stream:
        (beyond,) = read_cursor(self.request, self._how.cursor, tuple[UUID]) or (None,)
        first = await part(self._tables, self._sought, self._fresh, limit=limit, beyond=beyond, oldest_first=oldest_first)
        if limit == STREAMED and first.following is not None:

            async def all_rows() -> AsyncIterator[Sequence[Any]]:
                now, stale = first, Freshness(allow_stale=True)
                yield await self.views(now.rows)
                while now.following is not None:
                    now = await part(self._tables, self._sought, stale, limit=limit, beyond=now.following, oldest_first=oldest_first)
                    yield await self.views(now.rows)

            return streamed(all_rows(), self._place, parts(self.request).rules.list_unbounded_max, first.seen.position)
        following = None if first.following is None else write_cursor(self.request, first.following)
        return self._page(TaskPage(await self.views(first.rows), following, incomplete=first.seen.incomplete), first.seen)

    def _place(self, view: Any) -> str:
        return write_cursor(self.request, view.id)

    async def _sorted(self, sorting: Sorting) -> Response[bytes]:
        word = f"{sorting.by} {sorting.descending}"
        place = read_cursor(self.request, self._how.cursor, tuple[str, SORTS[sorting.by][1], UUID])  # type: ignore[misc]  # the type of the sort
        if place is not None and place[0] != word:
            raise BodyRefused([FieldError("cursor", "invalid_cursor", "this is a cursor of another order")], 400, "invalid_cursor")
        found = await sheet(self._tables, self._sought, sorting, self._fresh, limit=self._limit, after=None if place is None else place[1:])
        following = write_cursor(self.request, word, found.last, found.rows[-1].id) if found.has_more else None
        told = TaskPage(await self.views(found.rows), following, found.total, len(found.rows), incomplete=found.seen.incomplete)
        return self._page(told, found.seen)

    async def _numbered(self, number: int) -> Response[bytes]:
        offset = (number - 1) * self._limit
        found = await sheet(self._tables, self._sought, self._how.sorting, self._fresh, limit=self._limit, offset=offset)
        told = TaskPage(await self.views(found.rows), None, found.total, len(found.rows), number, incomplete=found.seen.incomplete)
        return self._page(told, found.seen)

    def _page(self, told: TaskPage, seen: SeenMany[TaskRow]) -> Response[bytes]:
        return with_link(self.request, tagged(self.request, told, position=seen.position, stale=seen.stale), told.next_cursor)


class _Owned(_Listing):
    async def views(self, rows: Sequence[TaskRow]) -> Sequence[OwnedTask]:
        """Tasks with their owners, whose names are asked for once for all of them."""
        known = parts(self.request)
        owners = await people(known.tables, known.names, viewer(self.request), list({row.owner_id for row in rows}))
        return [OwnedTask(**msgspec.structs.asdict(view), owner=owners.get(view.owner_id)) for view in map(task_view, rows)]
