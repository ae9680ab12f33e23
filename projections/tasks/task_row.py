"""The row of a task as it is now, and how each event changes it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from domain.shared.event import Recorded
from domain.tasks import events as e
from domain.tasks.status import OPEN, Status
from projections.shared.read_model import Row
from projections.tasks.moving import moved

_json: Final = msgspec.json.Encoder().encode


class TaskRow(Row, frozen=True, gc=False):
    """A task as clients see it. Deleted tasks keep their row; queries leave them out."""

    id: UUID
    version: int
    owner_id: UUID
    title: str
    priority: str
    status: str
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    payload: msgspec.Raw | None = None
    external_id: str | None = None
    assigned_node_id: UUID | None = None
    token: int | None = None
    lock_expires_at: datetime | None = None
    due_date: datetime | None = None
    attempts: int = 0
    max_attempts: int = 1
    retry_at: datetime | None = None
    progress: msgspec.Raw | None = None
    failure_reason: str | None = None
    last_error: str | None = None
    completed_at: datetime | None = None
    dead: bool = False
    """Failed, and no attempt is left."""
    deleted: bool = False
    project_id: UUID | None = None
    assignee_ids: list[UUID] = msgspec.field(default_factory=list)
    watcher_ids: list[UUID] = msgspec.field(default_factory=list)
    tags: list[str] = msgspec.field(default_factory=list)
    overdue: bool = False
    """Its due date has passed while it is still to be done."""
    overdue_told: bool = False


def _created(row: TaskRow | None, recorded: Recorded[e.TaskCreated]) -> TaskRow:  # noqa: ARG001 — all folds have one shape.
    event = recorded.event
    return TaskRow(
        id=recorded.stream_id,
        version=recorded.version,
        owner_id=event.owner_id,
        title=event.title,
        priority=event.priority.value,
        status="pending",
        created_at=event.at,
        updated_at=event.at,
        description=event.description,
        payload=_raw(event.payload),
        external_id=event.external_id,
        due_date=event.due_date,
        max_attempts=event.max_attempts,
        project_id=event.project_id,
        tags=list(event.tags),
    )


def _assigned(row: TaskRow, recorded: Recorded[e.TaskAssigned]) -> TaskRow:
    event = recorded.event
    return _waiting(row, recorded, assigned_node_id=event.node_id, lock_expires_at=event.lock_expires_at)


def _waiting(row: TaskRow, recorded: Recorded[Any], *, lock_expires_at: datetime | None = None, **changes: Any) -> TaskRow:
    return replace(
        row,
        version=recorded.version,
        updated_at=recorded.event.at,
        status="pending",
        token=recorded.event.token,
        lock_expires_at=lock_expires_at,
        retry_at=None,
        completed_at=None,
        failure_reason=None,
        dead=False,
        **changes,
    )


def _claimed(row: TaskRow, recorded: Recorded[e.TaskClaimed]) -> TaskRow:
    event = recorded.event
    return replace(
        row,
        version=recorded.version,
        updated_at=event.at,
        status="in_progress",
        token=event.token,
        lock_expires_at=event.lock_expires_at,
    )


def _started(row: TaskRow, recorded: Recorded[e.TaskStarted]) -> TaskRow:
    return replace(row, version=recorded.version, updated_at=recorded.event.at, status="in_progress")


def _completed(row: TaskRow, recorded: Recorded[e.TaskCompleted]) -> TaskRow:
    at = recorded.event.at
    return replace(row, version=recorded.version, updated_at=at, status="completed", completed_at=at)


def _failed(row: TaskRow, recorded: Recorded[e.TaskFailed]) -> TaskRow:
    event = recorded.event
    return replace(
        row,
        version=recorded.version,
        updated_at=event.at,
        status="failed",
        attempts=event.attempt,
        retry_at=event.retry_at,
        failure_reason=event.reason,
        last_error=event.error or event.reason,
        dead=event.retry_at is None,
    )


def _alive(row: TaskRow, recorded: Recorded[Any]) -> TaskRow:
    event = recorded.event
    progress = row.progress if event.progress is UNSET else _raw(event.progress)
    until = getattr(event, "lock_expires_at", row.lock_expires_at)
    return replace(row, version=recorded.version, updated_at=event.at, progress=progress, lock_expires_at=until)


def _edited(row: TaskRow, recorded: Recorded[e.TaskEdited]) -> TaskRow:
    changed = {name: value for name, value in msgspec.structs.asdict(recorded.event.after).items() if value is not UNSET}
    if "payload" in changed:
        changed["payload"] = _raw(changed["payload"])
    if "priority" in changed:
        changed["priority"] = changed["priority"].value
    if "tags" in changed:
        changed["tags"] = list(changed["tags"])
    if "due_date" in changed:
        changed["overdue_told"] = False
    return replace(row, version=recorded.version, updated_at=recorded.event.at, **changed)


def _stands(status: Status) -> Callable[[TaskRow, Recorded[Any]], TaskRow]:
    def fold(row: TaskRow, recorded: Recorded[Any]) -> TaskRow:
        return replace(row, version=recorded.version, updated_at=recorded.event.at, status=status.value)

    return fold


def _overdue(row: TaskRow, recorded: Recorded[e.TaskBecameOverdue]) -> TaskRow:
    return replace(row, version=recorded.version, updated_at=recorded.event.at, overdue_told=True)


def _people(row: TaskRow, recorded: Recorded[Any]) -> TaskRow:
    event, changes = recorded.event, moved(row, recorded.event)
    match event:
        case e.TaskWatcherAdded():
            changes = {"watcher_ids": [*row.watcher_ids, event.user_id]}
        case e.TaskWatcherRemoved():
            changes = {"watcher_ids": [one for one in row.watcher_ids if one != event.user_id]}
    return replace(row, version=recorded.version, updated_at=event.at, **changes)


def _deleted(row: TaskRow, recorded: Recorded[e.TaskDeleted]) -> TaskRow:
    return replace(row, version=recorded.version, updated_at=recorded.event.at, deleted=True)


def _restored(row: TaskRow, recorded: Recorded[e.TaskRestored]) -> TaskRow:
    return replace(row, version=recorded.version, updated_at=recorded.event.at, deleted=False)


def _raw(value: Any) -> msgspec.Raw | None:
    return None if value is None else msgspec.Raw(_json(value))


FOLDS: Final[Mapping[type[e.TaskEvent], Callable[[Any, Recorded[Any]], TaskRow]]] = {
    e.TaskCreated: _created,
    e.TaskAssigned: _assigned,
    e.TaskClaimed: _claimed,
    e.TaskStarted: _started,
    e.TaskCompleted: _completed,
    e.TaskFailed: _failed,
    e.TaskRetried: _waiting,
    e.TaskReopened: _waiting,
    e.TaskEdited: _edited,
    e.LeaseExtended: _alive,
    e.TaskProgressed: _alive,
    e.TaskDeleted: _deleted,
    e.TaskRestored: _restored,
    e.TaskSubmitted: _stands(Status.IN_REVIEW),
    e.TaskSentBack: _stands(Status.IN_PROGRESS),
    e.TaskCancelled: _stands(Status.CANCELLED),
    e.TaskBecameOverdue: _overdue,
    e.TaskAssigneeAdded: _people,
    e.TaskAssigneeRemoved: _people,
    e.TaskWatcherAdded: _people,
    e.TaskWatcherRemoved: _people,
    e.TaskMoved: _people,
    e.TaskReowned: _people,
}


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The task itself."""
    return (recorded.stream_id,)


def fold(_: UUID, row: TaskRow | None, recorded: Recorded[Any]) -> TaskRow | None:
    """The row after one more event; only `task.created` makes one."""
    event = type(recorded.event)
    if row is None and event is not e.TaskCreated:
        return None
    after = FOLDS[event](row, recorded)
    overdue = after.overdue_told and after.status in OPEN
    return after if after.overdue is overdue else replace(after, overdue=overdue)
