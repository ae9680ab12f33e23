"""What a task has come to: its fields, and how each event changes them."""

from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

import msgspec
from msgspec import UNSET

from domain.shared.aggregate import Aggregate
from domain.shared.event import Event
from domain.tasks import events as e
from domain.tasks.concerned import concerned
from domain.tasks.status import LEASED, OPEN, Priority, Status


class TaskState(Aggregate, frozen=True, kw_only=True):
    """The fields of a task, named as clients see them; `evolve` folds them from its events."""

    owner_id: UUID | None = None
    created_for: UUID | None = None
    """Whose it was at first: its external id is one of theirs for ever."""
    title: str = ""
    description: str | None = None
    payload: Any = None
    priority: Priority = Priority.MEDIUM
    external_id: str | None = None
    status: Status = Status.PENDING
    assigned_node_id: UUID | None = None
    token: int | None = None
    """Fencing token: the stream version of the event that made the present assignment."""
    lock_expires_at: datetime | None = None
    """When the lease ends. Kept after the task was done or failed: what the last lease was."""
    leased_at: datetime | None = None
    lease: timedelta = timedelta()
    """How long the lease was when it was made; a heartbeat gives it as much again."""
    due_date: datetime | None = None
    attempts: int = 0
    """How many attempts have failed."""
    max_attempts: int = 1
    retry_seconds: int = 60
    retry_at: datetime | None = None
    progress: Any = None
    failure_reason: str | None = None
    last_error: str | None = None
    deleted: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    completed_at: datetime | None = None
    tags: tuple[str, ...] = ()
    project_id: UUID | None = None
    assignee_ids: tuple[UUID, ...] = ()
    """The people who are to work on it, in the order they were added."""
    watcher_ids: tuple[UUID, ...] = ()
    overdue_told: bool = False
    """Whether it was said that this due date has passed."""

    @property
    def overdue(self) -> bool:
        """Whether its due date has passed while it is still to be done."""
        return self.overdue_told and self.status in OPEN

    @property
    def exists(self) -> bool:
        """Whether it was created: another stream's events make no task."""
        return self.owner_id is not None

    def is_expired(self, now: datetime) -> bool:
        """Whether the lease has run out: from its last instant on, swept or not."""
        return self.status in LEASED and self.lock_expires_at is not None and now >= self.lock_expires_at

    def stamped(self, event: Event) -> Event:
        """Every event of a task in a project says which project that is."""
        if self.project_id is None or not isinstance(event, e.TaskEvent) or isinstance(event, e.TaskMoved | e.TaskCreated):
            return event
        return msgspec.structs.replace(event, project_id=self.project_id)

    def evolve(self, event: Event) -> Self:
        """The state after one more event."""
        if not isinstance(event, e.TaskEvent):
            return self
        return self.but(**self._changes(event), updated_at=event.at)

    def _changes(self, event: e.TaskEvent) -> dict[str, Any]:
        return self._content_changes(event) or self._work_changes(event) or concerned(self, event)

    @staticmethod
    def _content_changes(event: e.TaskEvent) -> dict[str, Any]:
        match event:
            case e.TaskCreated():
                created = msgspec.structs.asdict(event) | {"created_at": event.at, "created_for": event.owner_id}
                del created["at"]
                return created
            case e.TaskEdited(after=after):
                return _known(**msgspec.structs.asdict(after)) | ({} if after.due_date is UNSET else {"overdue_told": False})
            case e.TaskBecameOverdue():
                return {"overdue_told": True}
            case e.TaskDeleted() | e.TaskRestored():
                return {"deleted": isinstance(event, e.TaskDeleted)}
        return {}

    @staticmethod
    def _work_changes(event: e.TaskEvent) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        match event:
            case e.TaskAssigned() | e.TaskRetried() | e.TaskReopened():
                changes = _waiting(event) | ({"assigned_node_id": event.node_id} if event.node_id else {})
            case e.TaskClaimed(at=at, token=token, lock_expires_at=until):
                changes = {"status": Status.IN_PROGRESS, "token": token} | _leased(at, until)
            case e.TaskStarted() | e.TaskSentBack():
                changes = {"status": Status.IN_PROGRESS}
            case e.TaskSubmitted() | e.TaskCancelled():
                changes = {"status": Status.IN_REVIEW if isinstance(event, e.TaskSubmitted) else Status.CANCELLED}
            case e.TaskCompleted(at=at):
                changes = {"status": Status.COMPLETED, "completed_at": at}
            case e.TaskFailed(reason=reason, error=error, attempt=attempt, retry_at=retry_at):
                changes = {"status": Status.FAILED, "attempts": attempt, "retry_at": retry_at, "failure_reason": reason}
                changes["last_error"] = error or reason
            case e.LeaseExtended() | e.TaskProgressed():
                changes = _known(progress=event.progress, lock_expires_at=getattr(event, "lock_expires_at", UNSET))
        return changes


def _waiting(event: e.TaskAssigned | e.TaskRetried | e.TaskReopened) -> dict[str, Any]:
    until = event.lock_expires_at if isinstance(event, e.TaskAssigned) else None
    fresh = {"retry_at": None, "completed_at": None, "failure_reason": None}
    return {"status": Status.PENDING, "token": event.token} | fresh | _leased(event.at, until)


def _leased(at: datetime, until: datetime | None) -> dict[str, Any]:
    return {"lock_expires_at": until, "leased_at": at if until else None, "lease": until - at if until else timedelta()}


def _known(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not UNSET}
