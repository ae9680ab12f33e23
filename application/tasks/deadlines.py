"""What the clock does with tasks: ends leases that ran out, repeats attempts after their pause, and says what is overdue."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET

from application.shared.command import Command, handles
from application.shared.deadline import Deadline, deadline
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.shared.event import Event, Recorded
from domain.tasks import events as e
from domain.tasks.errors import NotDueYet
from domain.tasks.status import LEASED, OPEN
from domain.tasks.task import Task


class ExpireLease(Command, frozen=True):
    """The lease with this token may have run out. An old token, or one that is over anyway, comes to nothing."""

    task_id: UUID
    token: int


class RetryWhenDue(Command, frozen=True):
    """The pause after this failed attempt may be over."""

    task_id: UUID
    attempt: int


class BecomeOverdue(Command, frozen=True):
    """This due date may have passed. Another due date, or a task that is done, comes to nothing."""

    task_id: UUID
    due_date: datetime


@handles(ExpireLease)
async def expire_lease(command: ExpireLease, ports: Ports) -> Task:
    """Raises `NotDueYet` when a heartbeat was faster, `NotFound`, `Forbidden`."""
    must(ports.caller, "tasks:expire")
    return await ports.log.change(Task, command.task_id, lambda task: task.expire(command.token, ports.now))


@handles(RetryWhenDue)
async def retry_when_due(command: RetryWhenDue, ports: Ports) -> Task:
    """Raises `NotDueYet`, `NotFound`, `Forbidden`."""
    must(ports.caller, "tasks:expire")
    return await ports.log.change(Task, command.task_id, lambda task: task.retry_when_due(command.attempt, ports.now))


@handles(BecomeOverdue)
async def become_overdue(command: BecomeOverdue, ports: Ports) -> Task:
    """Raises `NotDueYet`, `NotFound`, `Forbidden`."""
    must(ports.caller, "tasks:expire")
    if ports.now < command.due_date:
        raise NotDueYet

    def decide(task: Task) -> list[Event]:
        return task.become_overdue(ports.now) if task.due_date == command.due_date else []

    return await ports.log.change(Task, command.task_id, decide)


@deadline(
    "tasks.lease",
    e.TaskAssigned,
    e.TaskClaimed,
    e.LeaseExtended,
    e.TaskCompleted,
    e.TaskFailed,
    e.TaskRetried,
    e.TaskReopened,
    e.TaskDeleted,
    e.TaskRestored,
)
def lease(task_id: UUID, _: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """A task's lease ends when its lock does; a lease that was made, moved or lost replaces the one before."""
    match recorded.event:
        case e.TaskRestored(status=status) if status not in LEASED:
            return None
        case e.TaskAssigned() | e.TaskClaimed() | e.LeaseExtended() | e.TaskRestored():
            until, token = recorded.event.lock_expires_at, recorded.event.token
            return None if until is None or token is None else Deadline(until, ExpireLease(task_id=task_id, token=token))
    return None


@deadline("tasks.retry", e.TaskFailed, e.TaskAssigned, e.TaskRetried, e.TaskDeleted, e.TaskRestored)
def retry(task_id: UUID, _: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """A failed attempt with attempts left is repeated after its pause, unless somebody was faster."""
    match recorded.event:
        case e.TaskFailed(retry_at=at, attempt=attempt) | e.TaskRestored(retry_at=at, attempt=attempt) if at is not None:
            return Deadline(at, RetryWhenDue(task_id=task_id, attempt=attempt))
    return None


@deadline(
    "tasks.overdue",
    e.TaskCreated,
    e.TaskEdited,
    e.TaskBecameOverdue,
    e.TaskCompleted,
    e.TaskFailed,
    e.TaskCancelled,
    e.TaskAssigned,
    e.TaskRetried,
    e.TaskReopened,
    e.TaskDeleted,
    e.TaskRestored,
)
def overdue(task_id: UUID, before: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """A task becomes overdue when its due date passes; moved, told, done or hidden it does not; open again it does where that is to come."""
    match recorded.event:
        case e.TaskEdited(after=after, is_open=is_open) if is_open and after.due_date is not UNSET:
            return _overdue_at(task_id, after.due_date)
        case e.TaskEdited():
            return before
        case e.TaskAssigned(due_date=due) if due is None:
            return before
        case e.TaskRestored(status=status) if status not in OPEN:
            return None
        case e.TaskCreated() | e.TaskAssigned() | e.TaskRetried() | e.TaskReopened() | e.TaskRestored():
            return _overdue_at(task_id, recorded.event.due_date)
    return None


def _overdue_at(task_id: UUID, due_date: datetime | None) -> Deadline | None:
    return None if due_date is None else Deadline(due_date, BecomeOverdue(task_id=task_id, due_date=due_date))
