"""What happened to a task, what it was, and what changed between two of its states."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.shared.access import caller
from api.shared.parts import parts
from api.shared.past import FIRST, Begin, Difference, End, Number, difference
from api.shared.principals import Principal, principals
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import query
from api.shared.task_sight import must_see_task
from api.tasks.views import task_view
from application.shared.permissions import Reach, reach
from domain.shared.refused import Hidden, NotFound
from projections.shared.reading import LAST_POSITION, Freshness
from projections.tasks.task_board import TASK_BOARD
from projections.tasks.task_history import TASK_HISTORY, HistoryRow
from projections.tasks.task_row import TaskRow


class HistoryEntry(msgspec.Struct, frozen=True):
    """One change of a task. `performed_by` is the actor's id, or `system:` with the name of what did it by itself, as in
    `system:expiry-sweeper`; `version` is null for what hangs on a task (comments, files).
    """

    id: UUID
    task_id: UUID
    version: int | None
    position: int
    action_type: str
    activity: str
    """What kind of thing happened, in the words of an activity feed."""
    from_value: Any
    to_value: Any
    reason: str | None
    actor: Principal
    performed_by: str
    created_at: Any


@query("/api/v1/tasks/{task_id:uuid}/history", needs="tasks:read", answers=Page[HistoryEntry], tags=["tasks"])
async def task_history(
    request: Req, task_id: FromPath[UUID], fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """What happened to a task, newest first. For whoever sees it, except its node."""
    return await _history(request, task_id, fresh, limit, cursor)


@query("/api/v1/tasks/{task_id:uuid}/activity", needs="tasks:read", answers=Page[HistoryEntry], tags=["tasks"])
async def task_activity(
    request: Req, task_id: FromPath[UUID], fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """The same as its history, by another name."""
    return await _history(request, task_id, fresh, limit, cursor)


async def _history(request: Req, task_id: UUID, fresh: Freshness, limit: int | None, cursor: str | None) -> Response[bytes]:
    await _live(request, task_id, fresh)
    before = read_cursor(request, cursor, tuple[int, int]) or (LAST_POSITION, 0)
    most = limit or DEFAULT_LIMIT
    seen = await parts(request).tables.many(
        TASK_HISTORY,
        "where task_id = %b and (position, ordinal) < (%b, %b) order by position desc, ordinal desc limit %b",
        (task_id, *before, most + 1),
        Freshness(fresh.caller_id, task_id, fresh.min_position, fresh.allow_stale),
    )
    shown = seen.rows[:most]
    following = write_cursor(request, shown[-1].position, shown[-1].ordinal) if len(seen.rows) > most else None
    actors = await principals(request, [row.actor_id for row in shown])
    entries = [_entry(row, actors[row.actor_id]) for row in shown]
    return page(request, entries, position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


def _entry(row: HistoryRow, actor: Principal) -> HistoryEntry:
    if row.actor_id is None:
        actor = msgspec.structs.replace(actor, name=row.system_name)
    return HistoryEntry(
        id=row.id,
        task_id=row.task_id,
        version=row.version,
        position=row.position,
        action_type=row.action_type,
        activity=row.activity,
        from_value=row.from_value,
        to_value=row.to_value,
        reason=row.reason,
        actor=actor,
        performed_by=f"system:{row.system_name}" if row.actor_id is None else row.performed_by,
        created_at=row.created_at,
    )


@query("/api/v1/tasks/{task_id:uuid}/diff", needs="tasks:read", answers=Difference, tags=["tasks"])
async def task_difference(
    request: Req, task_id: FromPath[UUID], fresh: NamedDependency[Freshness], begin: Begin = FIRST, end: End = None
) -> Response[bytes]:
    """What changed between two states of a task, field by field. For whoever sees it, except its node."""
    return await _difference(request, task_id, fresh, begin, end)


@query("/api/v1/tasks/{task_id:uuid}/versions/{from_version:int}/diff/{to_version:int}", needs="tasks:read", answers=Difference, tags=["tasks"])
async def task_versions_difference(
    request: Req, task_id: FromPath[UUID], from_version: Number, to_version: Number, fresh: NamedDependency[Freshness]
) -> Response[bytes]:
    """What changed between two versions of a task, field by field. For whoever sees it, except its node."""
    return await _difference(request, task_id, fresh, str(from_version), str(to_version))


async def _difference(request: Req, task_id: UUID, fresh: Freshness, begin: str, end: str | None) -> Response[bytes]:
    live = await _live(request, task_id, fresh)
    told, position = await difference(request, TASK_BOARD, task_id, live.version, task_view, begin, end)
    return one(request, told, version=told.to_version, position=position)


async def _live(request: Req, task_id: UUID, fresh: Freshness) -> TaskRow:
    """The task now; raises `NotFound` for who may not look into its past. Who reads all tasks also sees deleted ones here."""
    row = (await parts(request).tables.one(TASK_BOARD, task_id, fresh)).row
    who = caller(request)
    if row is None:
        raise NotFound
    if reach(who, "tasks:read") is not Reach.ALL:
        await must_see_task(request, row)
        if who.id == row.assigned_node_id != row.owner_id:
            raise Hidden
    return row
