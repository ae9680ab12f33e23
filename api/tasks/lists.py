"""Lists of tasks: one's own, everybody's, counts, dead letters."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, LiteralString
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from api.shared.access import caller
from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, page, read_cursor, streamed, write_cursor
from api.shared.routing import query
from api.tasks.views import TaskView, task_view
from application.shared.permissions import Reach, reach
from domain.shared.refused import Hidden
from domain.tasks.status import Status
from projections.shared.reading import Freshness, SeenMany
from projections.tasks.task_board import TASK_BOARD, TaskRow
from projections.tasks.task_counts import ALL, TASK_COUNTS, assigned_to, owned_by

Req = Request[Any, Any, Any]
PART = 1000
Several = Annotated[
    str | None, QueryParameter(max_length=100, description="One status or several with commas: pending, in_progress, completed, failed.")
]
NUMBERS = ("total", *(status.value for status in Status), "high_priority", "dead")


class Conditions:
    """A WHERE clause of fixed parts and bound values."""

    def __init__(self) -> None:
        self.where: LiteralString = "where true"
        self.arguments: list[Any] = []

    def add(self, part: LiteralString, *values: Any) -> None:
        """One more condition, all hold."""
        self.where = f"{self.where} and {part}"
        self.arguments.extend(values)

    def statuses(self, text: str | None) -> None:
        """One of several statuses, `all` for any; raises `BodyRefused` (400) for a word that is none."""
        words = [word.strip().lower() for word in text.split(",")] if text else ["all"]
        unknown = set(words) - set(Status) - {"all"}
        if unknown:
            allowed = ", ".join(Status)
            raise BodyRefused([FieldError("status", "not_allowed", f"{', '.join(sorted(unknown))}: one of {allowed} is meant")])
        if len(words) == 1 and words != ["all"]:
            self.add("status = %b", words[0])
        elif "all" not in words:
            self.add("status = any(%b::text[])", words)


@query("/api/v1/tasks", needs="tasks:read", answers=Page[TaskView], tags=["tasks"])
async def list_tasks(
    request: Req,
    fresh: NamedDependency[Freshness],
    status: Several = None,
    external_id: FromQuery[str | None] = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> Response[bytes] | Stream:
    """The caller's tasks, newest first: those a person owns, those assigned to a node (all of them where no `limit` is given)."""
    who, sought = caller(request), Conditions()
    is_node, owns = reach(who, "tasks:claim") is not Reach.NONE, reach(who, "tasks:create") is not Reach.NONE
    if is_node and owns:
        sought.add("(assigned_node_id = %b or owner_id = %b)", who.id, who.id)
    else:
        sought.add("assigned_node_id = %b" if is_node else "owner_id = %b", who.id)
    sought.add("not deleted")
    sought.statuses(status)
    if external_id is not None:
        sought.add("external_id = %b", external_id)
    return await _list(request, fresh, sought, limit if is_node else limit or DEFAULT_LIMIT, cursor)


@query("/api/v1/admin/tasks", needs="tasks:list-all", answers=Page[TaskView], tags=["tasks"])
async def list_all_tasks(
    request: Req,
    fresh: NamedDependency[Freshness],
    status: Several = None,
    node_id: FromQuery[UUID | None] = None,
    owner_id: FromQuery[UUID | None] = None,
    dead: FromQuery[bool | None] = None,
    include_deleted: FromQuery[bool] = False,  # noqa: FBT002 — a query parameter.
    limit: Limit = None,
    cursor: Cursor = None,
) -> Response[bytes] | Stream:
    """All tasks, newest first; all of them where no `limit` is given. `dead=true`: failed with no attempt left."""
    sought = Conditions()
    if not include_deleted:
        sought.add("not deleted")
    for part, value in (("assigned_node_id = %b", node_id), ("owner_id = %b", owner_id), ("dead = %b", dead)):
        if value is not None:
            sought.add(part, value)
    sought.statuses(status)
    return await _list(request, fresh, sought, limit, cursor)


async def _list(request: Req, fresh: Freshness, sought: Conditions, limit: int | None, cursor: str | None) -> Response[bytes] | Stream:
    tables, before = parts(request).tables, read_cursor(request, cursor, tuple[UUID])
    where, arguments = sought.where, list(sought.arguments)
    if before is not None:
        where, arguments = f"{where} and id < %b", [*arguments, before[0]]
    most = limit or PART
    first: SeenMany[TaskRow] = await tables.many(TASK_BOARD, f"{where} order by id desc limit %b", (*arguments, most + 1), fresh)
    shown = first.rows[:most]
    more = len(first.rows) > most

    def place(view: Any) -> str:
        return write_cursor(request, view.id)

    if limit is None and more:

        async def all_rows() -> AsyncIterator[Sequence[TaskView]]:
            yield [task_view(row) for row in shown]
            async for rows in tables.newest_first(TASK_BOARD, sought.where, sought.arguments, shown[-1].id):
                yield [task_view(row) for row in rows]

        return streamed(all_rows(), place, parts(request).rules.list_unbounded_max, first.position)
    views = [task_view(row) for row in shown]
    following = place(views[-1]) if more else None
    return page(request, views, position=first.position, following=following, stale=first.stale, incomplete=first.incomplete)


@query("/api/v1/tasks/stats", needs="tasks:read", answers=dict[str, int], tags=["tasks"])
async def task_stats(
    request: Req, fresh: NamedDependency[Freshness], user_id: FromQuery[UUID | None] = None, node_id: FromQuery[UUID | None] = None
) -> Response[bytes]:
    """How many tasks the caller has, by status. Whoever may read all tasks: of anybody, or of all."""
    who = caller(request)
    everywhere = reach(who, "tasks:read") is Reach.ALL
    if not everywhere and (user_id or node_id) not in {None, who.id}:
        raise Hidden
    mine = owned_by if reach(who, "tasks:create") is not Reach.NONE or reach(who, "tasks:claim") is Reach.NONE else assigned_to
    group = owned_by(user_id) if user_id else assigned_to(node_id) if node_id else ALL if everywhere or who.id is None else mine(who.id)
    counts, position, stale = await parts(request).caches.groups(TASK_COUNTS, [group], NUMBERS, fresh)
    headers = {"Daybook-Position": str(position), "Cache-Control": "no-store"} | ({"Daybook-Stale": "true"} if stale else {})
    return Response(msgspec.json.encode(counts[group]), media_type="application/json", headers=headers)
