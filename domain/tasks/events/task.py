"""What happens to a task as something to read. `at` is database time of the decision."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from domain.shared.event import recorded_as
from domain.tasks.events.base import TaskEvent
from domain.tasks.status import Priority, Status


class Fields(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The editable fields of a task; those that are UNSET did not change."""

    title: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    payload: Any | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    due_date: datetime | UnsetType | None = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET


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
    tags: tuple[str, ...] = ()


@recorded_as("task.became_overdue")
class TaskBecameOverdue(TaskEvent, frozen=True, kw_only=True):
    """Its due date has passed and it is not done; said once for each due date."""

    due_date: datetime


@recorded_as("task.edited")
class TaskEdited(TaskEvent, frozen=True, kw_only=True):
    """Some fields changed; `before` and `after` hold exactly those."""

    before: Fields
    after: Fields
    is_open: bool = True
    """Whether it was still to be done, and can become overdue."""


@recorded_as("task.progressed")
class TaskProgressed(TaskEvent, frozen=True, kw_only=True):
    """Something worth noting on the way: a note for people, or progress as the worker writes it."""

    note: str | None = None
    progress: Any | UnsetType = UNSET


@recorded_as("task.deleted")
class TaskDeleted(TaskEvent, frozen=True, kw_only=True):
    """It is hidden from everybody; its external id is free again. `owner_id`: whose it was."""

    owner_id: UUID | None = None


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
    due_date: datetime | None = None
    """Where it is still to come: when it will be overdue."""
