"""A job: queued, held by one worker at a time, and over."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from application.jobs.job import CancelJob, ReportProgress, RequestJob, StartJob
from application.shared.context import SYSTEM, Caller
from domain.jobs.errors import JobNotDue, JobNotHeld, JobNotQueued, JobOver
from domain.jobs.events import JobCancelled, JobCompleted, JobFailed, JobProgressed, JobRequested, JobReturned, JobStarted
from domain.jobs.job import KEPT, LEASE, LOSSES, Job
from domain.jobs.status import Status
from domain.shared.refused import Hidden, InsufficientRole, NotFound
from projections.jobs.job_board import JOB_BOARD
from tests.scenario import NOON, World, folded, given

ANN, BOB, ADMIN = Caller(UUID(int=0xA1), "user"), Caller(UUID(int=0xB0), "user"), Caller(UUID(int=0xAD), "admin")
WORKER, OTHER = UUID(int=1), UUID(int=2)
queued = Job(id=UUID(int=0x70B)).after(JobRequested(kind="tasks.import", requester_id=UUID(int=0xA1), requested_at=NOON))
running = queued.after(JobStarted(attempt=1, worker_id=WORKER, started_at=NOON, lease_until=NOON + LEASE))
returned = running.after(JobReturned(attempt=1))
completed = running.after(JobCompleted(attempt=1, done=3, completed_at=NOON, expires_at=NOON + KEPT))
failed = running.after(JobFailed(attempt=1, code="x", detail="y", failed_at=NOON, expires_at=NOON + KEPT))
cancelled = running.after(JobCancelled(cancelled_at=NOON, expires_at=NOON + KEPT))


def test_a_worker_takes_a_job_that_waits_and_no_other():
    given(queued).when(lambda job: job.start(WORKER, NOON)).then_a(JobStarted, attempt=1, lease_until=NOON + LEASE)
    given(returned).when(lambda job: job.start(OTHER, NOON)).then_a(JobStarted, attempt=2)
    for job in (running, completed, failed, cancelled):
        given(job).when(lambda job: job.start(OTHER, NOON)).refused(JobNotQueued)


def test_who_holds_it_says_how_far_it_is_and_so_lives_on():
    later = NOON + timedelta(seconds=9)
    after = given(running).when(lambda job: job.advance(1, 5, 10, 1, {"line": 6}, later)).then_a(JobProgressed, lease_until=later + LEASE)
    assert (after.done, after.total, after.refused, after.checkpoint) == (5, 10, 1, {"line": 6})
    kept = after.after(JobProgressed(attempt=1, done=5, lease_until=later))
    assert kept.checkpoint == {"line": 6}, "that it lives says nothing about where it stands"


@pytest.mark.parametrize("say", ["advance", "complete", "fail"])
@pytest.mark.parametrize("job", [queued, returned, completed, failed, cancelled, running.but(attempt=2)])
def test_who_does_not_hold_it_any_more_is_not_heard(job, say):
    words: dict[str, Any] = {"advance": (1, 5, None, 0, None, NOON), "complete": (1, 5, 0, {}, NOON), "fail": (1, "x", "y", NOON)}
    given(job).when(lambda job: getattr(job, say)(*words[say])).refused(JobNotHeld)
    given(job).when(lambda job: job.give_back(1)).nothing()


def test_a_job_whose_worker_is_silent_waits_again_when_the_lease_has_run_out():
    given(running).when(lambda job: job.lose(1, NOON + LEASE - timedelta(seconds=1))).refused(JobNotDue)
    given(running).when(lambda job: job.lose(1, NOON + LEASE)).then(JobReturned(attempt=1, lost=True))
    for job in (returned, completed, cancelled, running.but(attempt=2)):
        given(job).when(lambda job: job.lose(1, NOON + LEASE)).nothing()


def test_a_job_that_kills_every_worker_fails_unless_each_comes_further():
    def die(job: Job, reaches: int) -> Job:
        held = job.after(*job.start(WORKER, NOON))
        told = held.after(*held.advance(held.attempt, reaches, None, 0, None, NOON))
        return told.after(*told.lose(told.attempt, NOON + LEASE))

    stuck = further = queued
    for nth in range(LOSSES + 1):
        further = die(further, nth + 1)
        stuck = die(stuck, 1) if stuck.status is Status.QUEUED else stuck
    assert further.status is Status.QUEUED
    assert (stuck.status, stuck.code) == (Status.FAILED, "worker_lost")


def test_what_is_over_cannot_be_cancelled_and_what_was_cancelled_can_be_told_so_again():
    for job in (queued, running, returned):
        given(job).when(lambda job: job.cancel(NOON)).then(JobCancelled(cancelled_at=NOON, expires_at=NOON + KEPT))
    given(cancelled).when(lambda job: job.cancel(NOON)).nothing()
    for job in (completed, failed):
        given(job).when(lambda job: job.cancel(NOON)).refused(JobOver)


async def test_a_job_is_its_requesters_and_the_administrators():
    world = World()
    for kind, caller in (("tasks.import", Caller(UUID(int=9), "guest")), ("tasks.import", Caller(UUID(int=9), "auditor"))):
        await world.refuses(InsufficientRole, RequestJob(job_id=world.new_id(), kind=kind, parameters={}), caller)
    first, second = [(await world.do(RequestJob(job_id=world.new_id(), kind="tasks.import", parameters={}), ANN)).id for _ in range(2)]
    await world.refuses(Hidden, CancelJob(job_id=first), BOB)
    await world.refuses(NotFound, CancelJob(job_id=world.new_id()), ANN)
    for job_id, caller in ((first, ANN), (second, ADMIN)):
        assert (await world.do(CancelJob(job_id=job_id), caller)).status is Status.CANCELLED


async def test_the_clock_returns_a_job_whose_worker_says_nothing_and_the_board_shows_it():
    world = World()
    job_id = (await world.do(RequestJob(job_id=world.new_id(), kind="tasks.import", parameters={"format": "csv"}), ANN)).id
    await world.do(StartJob(job_id=job_id, worker_id=WORKER), SYSTEM)
    world.later(seconds=10)
    await world.do(ReportProgress(job_id=job_id, attempt=1, done=7, total=9, refused=2), SYSTEM)
    world.later(seconds=10)
    await world.tick()
    row = folded(JOB_BOARD, world.recorded)[job_id]
    assert (row.status, row.progress, row.errors) == ("running", {"done": 7, "total": 9}, 2)
    world.later(seconds=10)
    await world.tick()
    row = folded(JOB_BOARD, world.recorded)[job_id]
    assert (row.status, row.version) == ("queued", 4)
    await world.refuses(JobNotHeld, ReportProgress(job_id=job_id, attempt=1, done=8), SYSTEM)
