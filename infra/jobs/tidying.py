"""Deleting files of jobs: when their day is over, what was sent already with the job, when nobody asked for them, and with their person."""

import asyncio
import logging
import time
from datetime import datetime
from typing import Final

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests

from domain.identity.user import User
from domain.jobs.job import Job
from domain.jobs.status import OVER
from infra.app import System
from infra.jobs.files import JobFolder

log = logging.getLogger(__name__)
EVERY: Final = 10.0
"""Seconds between two rounds: files of an erased person are gone after at most so long."""
ORPHANED: Final = 3600.0
"""Seconds after which a file whose job was never asked for is nobody's."""


async def tidy(parts: System, files: JobFolder) -> None:
    """Until cancelled."""
    while True:
        try:
            await round_of(parts, files)
        except (psycopg.Error, PoolTimeout, TooManyRequests, OSError) as error:
            log.warning("files of jobs cannot be tidied up", extra={"error": repr(error)})
        await asyncio.sleep(EVERY)


async def round_of(parts: System, files: JobFolder) -> None:
    """Look at everything that is kept, once."""
    for owner_id, jobs in (await asyncio.to_thread(files.kept)).items():
        user, _ = await parts.log.load(User, owner_id)
        if user.erased:
            await asyncio.to_thread(files.erase, owner_id)
            continue
        for job_id, written_at in jobs.items():
            job, _ = await parts.log.load(Job, job_id)
            if _is_past(job, written_at, parts.log.now()):
                await files.forget(owner_id, job_id)
            elif job.exists and job.status in OVER:  # Nobody reads it again, and it may be large.
                await asyncio.to_thread(files.incoming(owner_id, job_id).unlink, missing_ok=True)


def _is_past(job: Job, written_at: float, now: datetime) -> bool:
    if not job.exists:
        return time.time() - written_at > ORPHANED
    return job.expires_at is not None and now >= job.expires_at
