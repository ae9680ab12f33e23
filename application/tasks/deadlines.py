"""What the clock does with tasks: ends leases that ran out, and repeats attempts after their pause."""

from typing import Any
from uuid import UUID

from application.shared.command import Command, handles
from application.shared.deadline import Deadline, deadline
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.shared.event import Recorded
from domain.tasks import events as e
from domain.tasks.status import LEASED
from domain.tasks.task import Task


class ExpireLease(Command, frozen=True):
    """The lease with this token may have run out. An old token, or one that is over anyway, comes to nothing."""

    task_id: UUID
    token: int


class RetryWhenDue(Command, frozen=True):
    """The pause after this failed attempt may be over."""

    task_id: UUID
    attempt: int


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
