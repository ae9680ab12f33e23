"""One attempt at one job, as its runner sees it: what is asked, on whose behalf, and how to say how far it is."""

import asyncio
import time
from typing import Any, Final
from uuid import UUID

from application.jobs.job import CompleteJob, FailJob, GiveJobBack, ReportProgress
from application.shared.context import Caller
from domain.identity.user import User
from domain.jobs.job import Job
from infra.app import System
from infra.jobs.files import JobFolder

EVERY: Final = 1.0
"""Seconds between two words about progress."""
ALIVE: Final = 4.0
"""Seconds after which a worker says that it lives, though nothing new is done."""


class Stopped(Exception):
    """The worker is told to stop; what was done is noted, and the job goes back."""


class CannotBeDone(Exception):
    """The job has failed, and would fail again."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Run:
    """An attempt. Every word about it is refused with `JobNotHeld` once the job is another's, or cancelled."""

    def __init__(self, parts: System, files: JobFolder, job: Job, stopping: asyncio.Event) -> None:
        self.parts = parts
        self.files = files
        self.job = job
        self._stopping = stopping
        self._said_at = time.monotonic()
        self._last: dict[str, Any] = {"done": job.done if job.checkpoint else 0, "total": job.total, "refused": job.refused}

    @property
    def checkpoint(self) -> dict[str, Any]:
        """Where the attempt before this one stood; empty for a job that begins."""
        return self.job.checkpoint or {}

    @property
    def owner_id(self) -> UUID:
        """Whose job it is."""
        return self.job.requester_id

    @property
    def is_due(self) -> bool:
        """Whether it is time to say how far it is, or to stop."""
        return self._stopping.is_set() or time.monotonic() - self._said_at >= EVERY

    async def caller(self) -> Caller:
        """The requester with today's roles, within the scopes of their request; raises `CannotBeDone` where they may do nothing any more."""
        user, _ = await self.parts.log.load(User, self.owner_id)
        if not user.exists or not user.active:
            raise CannotBeDone("account_disabled", "The account this was asked from was disabled or erased.")
        scopes = None if self.job.scopes is None else frozenset(self.job.scopes)
        return Caller(user.id, user.role, roles=frozenset(map(str, user.roles)), scopes=scopes)

    async def say(self, done: int, total: int | None = None, refused: int = 0, checkpoint: dict[str, Any] | None = None) -> None:
        """Note how far it is, and where another attempt would go on; raises `JobNotHeld`, and `Stopped` when it is noted."""
        self._last = {"done": done, "total": total, "refused": refused}
        await self._report(checkpoint)
        if self._stopping.is_set():
            raise Stopped

    def must_go_on(self) -> None:
        """Raises `Stopped`."""
        if self._stopping.is_set():
            raise Stopped

    async def stay_alive(self) -> None:
        """Say now and then that the worker lives, however long one step takes. Until cancelled; raises `JobNotHeld`."""
        while True:
            await asyncio.sleep(ALIVE / 4)
            if time.monotonic() - self._said_at >= ALIVE:
                await self._report(None)

    async def complete(self, done: int, refused: int, result: dict[str, Any]) -> None:
        """It is done."""
        await self._tell(CompleteJob(job_id=self.job.id, attempt=self.job.attempt, done=done, refused=refused, result=result))

    async def fail(self, why: CannotBeDone) -> None:
        """It cannot be done."""
        await self._tell(FailJob(job_id=self.job.id, attempt=self.job.attempt, code=why.code, detail=why.detail))

    async def give_back(self) -> None:
        """Another worker shall go on."""
        await self._tell(GiveJobBack(job_id=self.job.id, attempt=self.job.attempt))

    async def _report(self, checkpoint: dict[str, Any] | None) -> None:
        self._said_at = time.monotonic()
        await self._tell(ReportProgress(job_id=self.job.id, attempt=self.job.attempt, checkpoint=checkpoint, **self._last))

    async def _tell(self, command: Any) -> None:
        await self.parts.dispatch(command, self.parts.context())
