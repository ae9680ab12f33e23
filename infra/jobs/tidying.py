"""Deleting files of jobs: when their day is over, when nobody asked for them, and when their person was erased."""

import asyncio
import logging
import time
from typing import Final
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests

from domain.identity.user import User
from domain.jobs.job import Job
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
            if await _is_over(parts, job_id, written_at):
                await files.forget(owner_id, job_id)


async def _is_over(parts: System, job_id: UUID, written_at: float) -> bool:
    job, _ = await parts.log.load(Job, job_id)
    if not job.exists:
        return time.time() - written_at > ORPHANED
    return job.expires_at is not None and parts.log.now() >= job.expires_at
