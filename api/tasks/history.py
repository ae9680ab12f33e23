"""What happened to a task."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.shared.access import caller
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, page, read_cursor, write_cursor
from api.shared.routing import query
from application.shared.permissions import Reach, reach
from domain.shared.refused import Hidden, NotFound
from projections.shared.reading import Freshness
from projections.tasks.task_board import TASK_BOARD
from projections.tasks.task_history import TASK_HISTORY

Req = Request[Any, Any, Any]


class HistoryEntry(msgspec.Struct, frozen=True):
    """One change of a task."""

    id: UUID
    task_id: UUID
    version: int
    position: int
    action_type: str
    from_value: Any
    to_value: Any
    reason: str | None
    performed_by: str
    created_at: Any


@query("/api/v1/tasks/{task_id:uuid}/history", needs="tasks:read", answers=Page[HistoryEntry], tags=["tasks"])
async def task_history(
    request: Req, task_id: FromPath[UUID], fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """What happened to a task, newest first. For its owner and whoever may read all tasks."""
    tables, who = parts(request).tables, caller(request)
    everywhere = reach(who, "tasks:read") is Reach.ALL
    row = (await tables.one(TASK_BOARD, task_id, fresh)).row
    if row is None or (row.deleted and not everywhere):
        raise NotFound
    if not everywhere and who.id != row.owner_id:
        raise Hidden
    before = read_cursor(request, cursor, tuple[int, int]) or (2**31 - 1, 2**31 - 1)
    most = limit or DEFAULT_LIMIT
    seen = await tables.many(
        TASK_HISTORY,
        "where task_id = %b and (version, ordinal) < (%b, %b) order by version desc, ordinal desc limit %b",
        (task_id, *before, most + 1),
        Freshness(stream_id=task_id, min_position=fresh.min_position, allow_stale=fresh.allow_stale),
    )
    shown = seen.rows[:most]
    following = write_cursor(request, shown[-1].version, shown[-1].ordinal) if len(seen.rows) > most else None
    entries = [msgspec.convert(entry, HistoryEntry, from_attributes=True) for entry in shown]
    return page(request, entries, position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)
