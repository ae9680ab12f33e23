"""What can happen to a task or to the node that works on it. `at` is database time of the decision."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from domain.shared.event import Event, recorded_as
from domain.tasks.status import Priority, Status


class Fields(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The editable fields of a task; those that are UNSET did not change."""

    title: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    payload: Any | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    due_date: datetime | UnsetType | None = UNSET


class TaskEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a task."""

    at: datetime


class NodeEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a node. Its stream is derived from the node's user id, which `node_id` is."""

    at: datetime
    node_id: UUID


@recorded_as("task.created")
class TaskCreated(TaskEvent, frozen=True, kw_only=True):
    """A task exists; nobody works on it yet. A failed attempt is repeated until there were `max_attempts`."""

    owner_id: UUID
    title: str
    description: str | None = None
    payload: Any = None
    priority: Priority = Priority.MEDIUM
    external_id: str | None = None
    due_date: datetime | None = None
    max_attempts: int = 1
    retry_seconds: int = 60


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


@recorded_as("task.reopened")
class TaskReopened(TaskEvent, frozen=True, kw_only=True):
    """It was completed and is pending again, without a lease; older tokens are stale."""

    reason: str
    token: int
    node_id: UUID | None = None
    priority: Priority = Priority.MEDIUM


@recorded_as("task.edited")
class TaskEdited(TaskEvent, frozen=True, kw_only=True):
    """Some fields changed; `before` and `after` hold exactly those."""

    before: Fields
    after: Fields


@recorded_as("task.heartbeat")
class LeaseExtended(TaskEvent, frozen=True, kw_only=True):
    """The node is alive and keeps its lease. `progress` is kept for the next attempt."""

    token: int
    lock_expires_at: datetime
    progress: Any | UnsetType = UNSET


@recorded_as("task.progressed")
class TaskProgressed(TaskEvent, frozen=True, kw_only=True):
    """Something worth noting on the way: a note for people, or progress as the worker writes it."""

    note: str | None = None
    progress: Any | UnsetType = UNSET


@recorded_as("task.deleted")
class TaskDeleted(TaskEvent, frozen=True, kw_only=True):
    """It is hidden from everybody; its external id is free again."""


@recorded_as("task.restored")
class TaskRestored(TaskEvent, frozen=True, kw_only=True):
    """It is back as it was. The fields say how that is, for views that had forgotten it."""

    status: Status
    priority: Priority = Priority.MEDIUM
    node_id: UUID | None = None
    token: int | None = None
    lock_expires_at: datetime | None = None
    attempt: int = 0
    retry_at: datetime | None = None


@recorded_as("node.seen")
class NodeSeen(NodeEvent, frozen=True, kw_only=True):
    """A node gave a sign of life; at most one in 30 s is recorded."""


@recorded_as("node.draining")
class NodeDrained(NodeEvent, frozen=True, kw_only=True):
    """A node was told to finish what it has begun; it gets nothing new."""


@recorded_as("node.resumed")
class NodeResumed(NodeEvent, frozen=True, kw_only=True):
    """A node takes work again."""


@recorded_as("node.capacity_set")
class NodeCapacitySet(NodeEvent, frozen=True, kw_only=True):
    """How many tasks a node works on at once; None: as many as it claims."""

    capacity: int | None = None
