"""Asking for a job and cancelling it; what its worker says; and that a worker is not heard of any more."""

from typing import Any, Final
from uuid import UUID

from application.shared.command import Command, handles
from application.shared.context import Caller
from application.shared.deadline import Deadline, deadline
from application.shared.permissions import Reach, must, reach
from application.shared.ports import Ports
from domain.jobs import events as e
from domain.jobs.job import Job
from domain.shared.event import Recorded
from domain.shared.refused import Forbidden, Hidden, NotFound

NEEDS: Final = {
    "tasks.export": "exports:create",
    "orders.export": "exports:create",
    "products.export": "exports:create",
    "tasks.import": "imports:create",
}
"""The permission each kind of job needs; what is not here nobody can ask for."""


class RequestJob(Command, frozen=True):
    """Have something done on the caller's behalf."""

    job_id: UUID
    kind: str
    parameters: dict[str, Any]


class CancelJob(Command, frozen=True):
    """Let a job end where it stands."""

    job_id: UUID


class StartJob(Command, frozen=True):
    """A worker takes a job."""

    job_id: UUID
    worker_id: UUID


class ReportProgress(Command, frozen=True):
    """A worker lives, and is so far."""

    job_id: UUID
    attempt: int
    done: int
    total: int | None = None
    refused: int = 0
    checkpoint: dict[str, Any] | None = None


class CompleteJob(Command, frozen=True):
    """A worker is done."""

    job_id: UUID
    attempt: int
    done: int
    refused: int
    result: dict[str, Any]


class FailJob(Command, frozen=True):
    """A worker found that it cannot be done."""

    job_id: UUID
    attempt: int
    code: str
    detail: str


class GiveJobBack(Command, frozen=True):
    """A worker is told to stop."""

    job_id: UUID
    attempt: int


class LoseJob(Command, frozen=True):
    """The worker of this attempt may be dead."""

    job_id: UUID
    attempt: int


@handles(RequestJob)
async def request_job(command: RequestJob, ports: Ports) -> Job:
    """Raises `InsufficientRole`, `InsufficientScope`."""
    caller = ports.caller
    must(caller, NEEDS[command.kind])
    if caller.id is None:
        raise Forbidden
    scopes = None if caller.scopes is None else tuple(sorted(caller.scopes))
    return ports.log.stage(Job(id=command.job_id), *Job.request(command.kind, caller.id, command.parameters, scopes, ports.now))


@handles(CancelJob)
async def cancel_job(command: CancelJob, ports: Ports) -> Job:
    """Raises `NotFound`, also for a job of somebody else; `JobOver`."""
    must_see(ports.caller, await ports.log.load(Job, command.job_id))
    return await ports.log.change(Job, command.job_id, lambda job: job.cancel(ports.now))


@handles(StartJob)
async def start_job(command: StartJob, ports: Ports) -> Job:
    """Raises `NotFound`, `JobNotQueued`."""
    return await ports.log.change(Job, command.job_id, lambda job: job.start(command.worker_id, ports.now))


@handles(ReportProgress)
async def report_progress(command: ReportProgress, ports: Ports) -> Job:
    """Raises `NotFound`, `JobNotHeld`."""
    said = (command.attempt, command.done, command.total, command.refused, command.checkpoint)
    return await ports.log.change(Job, command.job_id, lambda job: job.advance(*said, ports.now))


@handles(CompleteJob)
async def complete_job(command: CompleteJob, ports: Ports) -> Job:
    """Raises `NotFound`, `JobNotHeld`."""
    said = (command.attempt, command.done, command.refused, command.result)
    return await ports.log.change(Job, command.job_id, lambda job: job.complete(*said, ports.now))


@handles(FailJob)
async def fail_job(command: FailJob, ports: Ports) -> Job:
    """Raises `NotFound`, `JobNotHeld`."""
    return await ports.log.change(Job, command.job_id, lambda job: job.fail(command.attempt, command.code, command.detail, ports.now))


@handles(GiveJobBack)
async def give_job_back(command: GiveJobBack, ports: Ports) -> Job:
    """Raises `NotFound`."""
    return await ports.log.change(Job, command.job_id, lambda job: job.give_back(command.attempt))


@handles(LoseJob)
async def lose_job(command: LoseJob, ports: Ports) -> Job:
    """Raises `NotFound`, `JobNotDue`."""
    return await ports.log.change(Job, command.job_id, lambda job: job.lose(command.attempt, ports.now))


@deadline("jobs.lease", e.JobStarted, e.JobProgressed, e.JobReturned, e.JobCompleted, e.JobFailed, e.JobCancelled)
def lease(job_id: UUID, _: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """A worker that is not heard of loses its job when the lease has run out."""
    match recorded.event:
        case e.JobStarted(attempt=attempt, lease_until=until) | e.JobProgressed(attempt=attempt, lease_until=until):
            return Deadline(until, LoseJob(job_id=job_id, attempt=attempt))
    return None


def must_see(caller: Caller, job: Any) -> None:
    """Raises `NotFound` unless the job, or its row, is the caller's; who may read all jobs sees every one."""
    must(caller, "jobs:read")
    if job is None or (isinstance(job, Job) and not job.exists):
        raise NotFound
    if reach(caller, "jobs:read") is not Reach.ALL and job.requester_id != caller.id:
        raise Hidden
