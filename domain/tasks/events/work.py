"""How the work on a task goes on: assigned to a node, begun, done, failed, looked at."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from domain.shared.event import recorded_as
from domain.tasks.events.base import TaskEvent
from domain.tasks.status import Priority, Status


@recorded_as("task.assigned")
class TaskAssigned(TaskEvent, frozen=True, kw_only=True):
    """A node is to do it, until `lock_expires_at` where there is one. `retry`: the node that had it already."""

    node_id: UUID
    token: int
    lock_expires_at: datetime | None = None
    previous_node_id: UUID | None = None
    from_status: Status = Status.PENDING
    retry: bool = False
    priority: Priority = Priority.MEDIUM
    due_date: datetime | None = None
    """Where it is still to come: when it will be overdue."""


@recorded_as("task.claimed")
class TaskClaimed(TaskEvent, frozen=True, kw_only=True):
    """The assigned node took it from its queue and has begun, with a new lease."""

    node_id: UUID
    token: int
    lock_expires_at: datetime


@recorded_as("task.started")
class TaskStarted(TaskEvent, frozen=True, kw_only=True):
    """Work on it has begun."""


@recorded_as("task.completed")
class TaskCompleted(TaskEvent, frozen=True, kw_only=True):
    """It is done."""

    from_status: Status = Status.IN_PROGRESS


@recorded_as("task.failed")
class TaskFailed(TaskEvent, frozen=True, kw_only=True):
    """The attempt (counted from 1) failed: `reported` by its worker or `lock_expired`. Without `retry_at` it is a dead letter."""

    reason: str
    attempt: int
    from_status: Status = Status.IN_PROGRESS
    error: str | None = None
    retry_at: datetime | None = None


@recorded_as("task.retried")
class TaskRetried(TaskEvent, frozen=True, kw_only=True):
    """It is pending again for the same node, without a lease; older tokens are stale."""

    token: int
    node_id: UUID | None = None
    priority: Priority = Priority.MEDIUM
    due_date: datetime | None = None
    """Where it is still to come: when it will be overdue."""


@recorded_as("task.reopened")
class TaskReopened(TaskEvent, frozen=True, kw_only=True):
    """It was completed (or cancelled) and is pending again, without a lease; older tokens are stale."""

    reason: str
    token: int
    node_id: UUID | None = None
    priority: Priority = Priority.MEDIUM
    from_status: Status = Status.COMPLETED
    due_date: datetime | None = None
    """Where it is still to come: when it will be overdue."""


@recorded_as("task.submitted")
class TaskSubmitted(TaskEvent, frozen=True, kw_only=True):
    """Somebody else is to look at what was done."""

    from_status: Status = Status.IN_PROGRESS


@recorded_as("task.sent_back")
class TaskSentBack(TaskEvent, frozen=True, kw_only=True):
    """Who looked at it wants more to be done: from review it is in progress again."""

    reason: str


@recorded_as("task.cancelled")
class TaskCancelled(TaskEvent, frozen=True, kw_only=True):
    """It will not be done."""

    from_status: Status = Status.PENDING
    reason: str | None = None


@recorded_as("task.heartbeat")
class LeaseExtended(TaskEvent, frozen=True, kw_only=True):
    """The node is alive and keeps its lease. `progress` is kept for the next attempt."""

    token: int
    lock_expires_at: datetime
    progress: Any | UnsetType = UNSET
