"""A worker: takes jobs that wait, a few at a time, and survives none of its deaths: whatever it had goes to another one, which goes on."""

import asyncio
import contextlib
import logging
from typing import Final
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests

from application.jobs.job import StartJob
from domain.jobs.errors import JobNotHeld
from domain.jobs.job import Job
from domain.shared.refused import Refused, Unavailable
from infra.app import System
from infra.cancellation import ended
from infra.jobs.files import JobFolder
from infra.jobs.run import CannotBeDone, Run, Stopped
from infra.jobs.runners import runner_of
from infra.jobs.tidying import tidy
from projections.jobs.job_board import JOB_BOARD

log = logging.getLogger(__name__)
AT_ONCE: Final = 2
POLL: Final = 0.5
"""Seconds between two looks for jobs that wait."""
ORDERLY: Final = 1.5
"""Seconds in which running jobs may come to a place where they can be left."""
AWAY: Final = (psycopg.Error, PoolTimeout, TooManyRequests, OSError)


class Worker:
    """One process's share of the jobs."""

    def __init__(self, parts: System) -> None:
        self._parts = parts
        self._files = JobFolder(parts.settings.jobs_at)
        self._stopping = asyncio.Event()
        self._running: dict[UUID, asyncio.Task[None]] = {}
        self._heard: dict[UUID, None] = {}
        self._head: int | None = None
        self.finished = 0

    @property
    def running(self) -> int:
        """How many jobs it does at this moment."""
        return len(self._running)

    async def run(self) -> None:
        """Until cancelled; then what it does is noted and given back."""
        tidying = asyncio.create_task(tidy(self._parts, self._files), name="tidying of jobs")
        try:
            while True:
                if self.running < AT_ONCE:
                    await self._look()
                await asyncio.sleep(POLL)
        finally:
            await self.stop(tidying)

    async def stop(self, *helpers: "asyncio.Task[None]") -> None:
        """Let running jobs come to a place where they can be left, and give them back."""
        self._stopping.set()
        running = list(self._running.values())
        if running:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait(running, timeout=ORDERLY)
        await ended(*helpers, *running)

    async def _look(self) -> None:
        """Begin with the jobs that have waited longest, as many as there is room for."""
        try:
            await self._hear()
            waiting = [*await self._listed(), *self._heard]
        except AWAY as error:
            log.warning("jobs cannot be looked for", extra={"error": repr(error)})
            return
        for job_id in dict.fromkeys(waiting):
            if self.running < AT_ONCE and job_id not in self._running:
                self._heard.pop(job_id, None)
                await self.take(job_id)

    async def _hear(self) -> None:
        """Jobs of the last moments from the log itself: they need not wait until a read model that is behind has come to them."""
        ((head,),) = await self._parts.log.reads("select coalesce(max(position), 0) from events")
        if self._head is not None and self._head < head:
            query = """select stream_id from events where position > %b and position <= %b
                       and type in ('job.requested', 'job.returned') order by position"""
            self._heard |= dict.fromkeys(row[0] for row in await self._parts.log.reads(query, self._head, head))
        self._head = head

    async def _listed(self) -> list[UUID]:
        """The oldest that wait; first those of people for whom nothing is done at this moment, however much others asked for."""
        query = f"""select id from {JOB_BOARD.table} waiting where status = 'queued' order by exists (
                        select from {JOB_BOARD.table} where status = 'running' and requester_id = waiting.requester_id), id
                    limit {2 * AT_ONCE}"""
        try:
            return [row[0] for row in await self._parts.log.reads(query)]
        except psycopg.errors.UndefinedTable:
            return []  # The consumers have not made it yet.

    async def take(self, job_id: UUID) -> None:
        """Begin with a job, unless it does not wait."""
        try:
            outcome = await self._parts.dispatch(StartJob(job_id=job_id, worker_id=self._parts.me), self._parts.context())
        except Refused:
            return  # Somebody else was quicker.
        except AWAY as error:
            log.warning("a job cannot be started", extra={"job": str(job_id), "error": repr(error)})
            return
        task = asyncio.create_task(self._do(outcome.result), name=f"job {job_id}")
        self._running[job_id] = task
        task.add_done_callback(lambda _: self._running.pop(job_id, None))

    async def _do(self, job: Job) -> None:
        run = Run(self._parts, self._files, job, self._stopping)
        told = {"job": str(job.id), "kind": job.kind, "attempt": job.attempt}
        try:
            await self._attempt(run)
            self.finished += 1
        except JobNotHeld:
            log.info("a job was cancelled, or went to another worker", extra=told)
        except (Stopped, Unavailable):
            with contextlib.suppress(Refused, *AWAY):
                await run.give_back()  # Where something is not ready, the next attempt waits for it again.
        except asyncio.CancelledError:
            with contextlib.suppress(Refused, *AWAY):
                await run.give_back()
            raise
        except (Refused, *AWAY) as error:
            # Nothing is said: when the lease has run out it is tried again.
            log.warning("a job is left until its lease has run out", extra={**told, "error": repr(error)})

    async def _attempt(self, run: Run) -> None:
        """Raises what ends it early; a job that cannot be done is done with."""
        job = run.job
        alive, doing = asyncio.create_task(run.stay_alive()), asyncio.ensure_future(runner_of(job.kind)(run))
        try:
            await asyncio.wait({alive, doing}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                await alive  # It ends only when the job is not ours any more.
            done = await doing
            await ended(alive)
            await run.complete(done.done, done.refused, dict(done.result))
            self._files.incoming(job.requester_id, job.id).unlink(missing_ok=True)
        except CannotBeDone as why:
            await ended(alive)
            await run.fail(why)
        except (Refused, Stopped, *AWAY):
            raise
        except Exception:
            log.exception("a job failed by a mistake of ours", extra={"job": str(job.id)})
            await run.fail(CannotBeDone("internal_error", "Something went wrong here; it is noted in the server's log."))
        finally:
            await ended(alive, doing)
