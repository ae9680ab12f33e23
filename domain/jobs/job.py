"""A job: queued, taken by one worker at a time under a lease, and over. A worker that dies loses it, and another goes on where it stood."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

import msgspec

from domain.jobs import events as e
from domain.jobs.errors import JobNotDue, JobNotHeld, JobNotQueued, JobOver
from domain.jobs.status import OVER, Status
from domain.shared.aggregate import NOBODY, Aggregate
from domain.shared.event import Event

LEASE: Final = timedelta(seconds=15)
"""How long a worker may say nothing before its job goes to another one."""
KEPT: Final = timedelta(hours=24)
"""How long the files of a job that is over are kept."""
LOSSES: Final = 5
"""Workers in a row that died over a job without getting further than those before them; then it has failed."""
NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Job(Aggregate, frozen=True):
    """One job. `furthest` is how much was ever done of it, by whichever attempt."""

    kind: str = ""
    requester_id: UUID = NOBODY
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    scopes: tuple[str, ...] | None = None
    status: Status = Status.QUEUED
    attempt: int = 0
    losses: int = 0
    lease_until: datetime = NEVER
    checkpoint: dict[str, Any] | None = None
    done: int = 0
    total: int | None = None
    refused: int = 0
    furthest: int = 0
    outcome: dict[str, Any] | None = None
    code: str | None = None
    detail: str | None = None
    created_at: datetime = NEVER
    started_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def exists(self) -> bool:
        """Whether this is a job; its id may also be that of something else."""
        return self.kind != ""

    @property
    def progress(self) -> dict[str, int | None]:
        """How far it is."""
        return {"done": self.done, "total": self.total}

    @property
    def errors(self) -> int:
        """How many things were done in vain."""
        return self.refused

    @staticmethod
    def request(kind: str, requester_id: UUID, parameters: dict[str, Any], scopes: tuple[str, ...] | None, now: datetime) -> list[Event]:
        """The first fact of a job."""
        return [e.JobRequested(kind=kind, requester_id=requester_id, parameters=parameters, scopes=scopes, requested_at=now)]

    def start(self, worker_id: UUID, now: datetime) -> list[Event]:
        """Give it to a worker; raises `JobNotQueued`."""
        if self.status is not Status.QUEUED:
            raise JobNotQueued
        return [e.JobStarted(attempt=self.attempt + 1, worker_id=worker_id, started_at=now, lease_until=now + LEASE)]

    def advance(self, attempt: int, done: int, total: int | None, refused: int, checkpoint: dict[str, Any] | None, now: datetime) -> list[Event]:
        """Its worker lives and is so far; raises `JobNotHeld`."""
        self.must_be_held(attempt)
        until = now + LEASE
        return [e.JobProgressed(attempt=attempt, done=done, total=total, refused=refused, checkpoint=checkpoint, lease_until=until)]

    def complete(self, attempt: int, done: int, refused: int, result: dict[str, Any], now: datetime) -> list[Event]:
        """It is done; raises `JobNotHeld`."""
        self.must_be_held(attempt)
        return [e.JobCompleted(attempt=attempt, done=done, refused=refused, result=result, completed_at=now, expires_at=now + KEPT)]

    def fail(self, attempt: int, code: str, detail: str, now: datetime) -> list[Event]:
        """It cannot be done; raises `JobNotHeld`."""
        self.must_be_held(attempt)
        return [e.JobFailed(attempt=attempt, code=code, detail=detail, failed_at=now, expires_at=now + KEPT)]

    def give_back(self, attempt: int) -> list[Event]:
        """Its worker was told to stop; nothing where it is not that worker's any more."""
        return [e.JobReturned(attempt=attempt)] if self._is_held(attempt) else []

    def lose(self, attempt: int, now: datetime) -> list[Event]:
        """Its worker was not heard of for too long; raises `JobNotDue`. Nothing where it is not that worker's any more."""
        if not self._is_held(attempt):
            return []
        if now < self.lease_until:
            raise JobNotDue
        if self.losses + 1 >= LOSSES:
            return self.fail(attempt, "worker_lost", "Every process that worked on this job ended before it was done.", now)
        return [e.JobReturned(attempt=attempt, lost=True)]

    def cancel(self, now: datetime) -> list[Event]:
        """Nobody wants it any more; told twice, nothing new happens. Raises `JobOver`."""
        if self.status is Status.CANCELLED:
            return []
        if self.status in OVER:
            raise JobOver
        return [e.JobCancelled(cancelled_at=now, expires_at=now + KEPT)]

    def must_be_held(self, attempt: int) -> None:
        """Raises `JobNotHeld` unless this attempt is the present one."""
        if not self._is_held(attempt):
            raise JobNotHeld

    def _is_held(self, attempt: int) -> bool:
        return self.status is Status.RUNNING and attempt == self.attempt

    def evolve(self, event: Event) -> Self:
        """The job after one more fact."""
        match event:
            case e.JobRequested(kind=kind, requester_id=requester_id, parameters=parameters, scopes=scopes, requested_at=at):
                return self.but(kind=kind, requester_id=requester_id, parameters=parameters, scopes=scopes, created_at=at)
            case e.JobStarted(attempt=attempt, started_at=at, lease_until=until):
                return self.but(status=Status.RUNNING, attempt=attempt, started_at=self.started_at or at, lease_until=until)
            case e.JobProgressed(done=done, total=total, refused=refused, checkpoint=checkpoint, lease_until=until):
                after = self.but(done=done, total=total, refused=refused, lease_until=until, furthest=max(done, self.furthest))
                return after.but(checkpoint=checkpoint or self.checkpoint, losses=0 if done > self.furthest else self.losses)
            case e.JobReturned(lost=lost):
                return self.but(status=Status.QUEUED, losses=self.losses + lost)
        return self._over_after(event)

    def _over_after(self, event: Event) -> Self:
        match event:
            case e.JobCompleted(done=done, refused=refused, result=result, completed_at=at, expires_at=until):
                over = self.but(status=Status.COMPLETED, done=done, total=done, refused=refused, outcome=result)
                return over.but(finished_at=at, expires_at=until)
            case e.JobFailed(code=code, detail=detail, failed_at=at, expires_at=until):
                return self.but(status=Status.FAILED, code=code, detail=detail, finished_at=at, expires_at=until)
            case e.JobCancelled(cancelled_at=at, expires_at=until):
                return self.but(status=Status.CANCELLED, finished_at=at, expires_at=until)
        return self
