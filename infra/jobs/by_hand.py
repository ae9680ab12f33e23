"""Jobs from the command line: asked for on behalf of an account, done by whoever is quicker, this process or a worker, and followed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from application.jobs.job import RequestJob
from application.shared.context import Caller, Context
from domain.identity.person import folded
from domain.identity.user import User
from domain.jobs.job import Job
from domain.jobs.status import OVER, Status
from domain.shared.aggregate import NOBODY
from infra.app import System, new_id
from infra.jobs.files import PART, JobFolder
from infra.jobs.worker import Worker
from infra.local.state import LocalProblem

LOOK: Final = 0.2
"""Seconds between two looks at how far it is."""
Show = Callable[[Job], None]


async def account(parts: System, email: str) -> Caller:
    """Whose job it shall be; raises `LocalProblem` where nobody can sign in with this e-mail."""
    user_id = await parts.log.holder("email", parts.sealing.hmac("email", folded(email)))
    user, _ = await parts.log.load(User, user_id or NOBODY)
    if not user.exists or not user.active:
        raise LocalProblem(f"there is no active account with the e-mail {email}")
    return Caller(user.id, user.role, roles=frozenset(map(str, user.roles)))


async def request(parts: System, who: Caller, kind: str, parameters: dict[str, Any], file: Path | None = None) -> Job:
    """Ask for a job, with the file it is about."""
    assert who.id is not None
    job_id = new_id()
    if file is not None:
        await JobFolder(parts.settings.jobs_at).receive(who.id, job_id, _parts(file), parts.settings.import_size_limit)
    made = await parts.dispatch(RequestJob(job_id=job_id, kind=kind, parameters=parameters), Context(who, new_id()))
    job: Job = made.result
    return job


async def follow(parts: System, job_id: UUID, show: Show) -> Job:
    """The job once it is over. Where this process has it and is told to stop, it goes back, and another goes on with it."""
    worker = Worker(parts)
    try:
        while True:
            job, _ = await parts.log.load(Job, job_id)
            if not job.exists:
                raise LocalProblem(f"there is no job {job_id}")
            show(job)
            if job.status in OVER:
                return job
            if job.status is Status.QUEUED and not worker.running:
                await worker.take(job_id)
            await asyncio.sleep(LOOK)
    finally:
        await worker.stop()


async def _parts(file: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(file.open, "rb") as opened:
        while part := await asyncio.to_thread(opened.read, PART):
            yield part
