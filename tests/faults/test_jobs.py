"""A job is done exactly once, however often a worker dies over it: each row becomes one task, and every other one is reported once."""

import asyncio
import signal
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from application.identity.typed import Typed
from application.identity.user import CreateUser
from application.jobs.job import RequestJob
from application.shared.context import Caller
from domain.identity.role import Role
from domain.jobs.job import Job
from domain.jobs.status import OVER, Status
from infra.app import System
from infra.jobs.files import JobFolder
from tests.eventually import eventually
from tests.faults.daybook import Daybook, Process, holding
from tests.faults.fold_of_the_log import models

ROWS = 3000
BAD = set(range(7, ROWS, 100))


@pytest.fixture(scope="module", autouse=True)
def beside(daybook):
    _, consumers, _ = daybook.all("relay", "consumers", "clock")
    asyncio.run(eventually(holding(consumers, len(models())), 20, "every read model is there"))


@pytest.fixture(autouse=True)
def no_worker_is_left(daybook):
    yield
    for worker in daybook.of("jobs"):
        worker.end(signal.SIGKILL)


def worker(daybook: Daybook, main: str = "tests.faults.faulty:jobs_with_a_short_lease") -> Process:
    return daybook.start("jobs", main)


async def asked(parts: System) -> Job:
    """An import of many rows, some of which do not fit, by somebody new."""
    made = await parts.dispatch(
        CreateUser(email=f"{parts.me}-{ROWS}@example.org", name="Ada", password=Typed("a garden of forking paths"), role=Role.USER), parts.context()
    )
    owner_id: UUID = made.result.id
    job_id = parts.context().command_id
    lines = [f"Row {nth},{'soon' if nth in BAD else 'high'},E-{nth},completed" for nth in range(ROWS)]
    body = "\n".join(["title,priority,external_id,status", *lines]).encode()

    async def sent() -> Any:
        yield body

    await JobFolder(parts.settings.jobs_at).receive(owner_id, job_id, sent(), len(body))
    wish = RequestJob(job_id=job_id, kind="tasks.import", parameters={"format": "csv", "dry_run": False, "on_duplicate": "error"})
    context = parts.context()
    asked = await parts.dispatch(wish, type(context)(Caller(owner_id, "user"), context.command_id))
    found: Job = asked.result
    return found


async def until(parts: System, job: Job, look: Any, seconds: float = 30) -> Job:
    """The job once it is so."""
    seen: list[Job] = []

    async def there() -> bool:
        seen.append((await parts.log.load(Job, job.id))[0])
        return bool(look(seen[-1]))

    try:
        await eventually(there, seconds)
    except AssertionError as late:
        raise AssertionError(f"the job stands so: {seen[-1]}") from late
    return seen[-1]


async def created(parts: System, job: Job) -> Counter[tuple[str, str]]:
    """What happened to the tasks of the requester: type of event and title (of the task), counted."""
    query = """select e.type, t.data->>'title' from event_log e join event_log t on t.stream_id = e.stream_id and t.version = 1
               where t.type = 'task.created' and e.actor_id = %s and e.type in ('task.created', 'task.completed')"""
    async with parts.log.readers.connection() as connection:
        rows = await (await connection.execute(query, (job.requester_id,))).fetchall()
    return Counter((row[0], row[1]) for row in rows)


async def test_workers_that_are_killed_again_and_again_do_each_row_once(daybook, parts):
    job = await asked(parts)
    worker(daybook, "tests.faults.faulty:jobs_dying_before_a_checkpoint")
    reached = (await until(parts, job, lambda now: now.status is Status.QUEUED and now.losses)).done
    for nth in range(1, 3):
        dying = worker(daybook)
        seen = await until(parts, job, lambda now, nth=nth, reached=reached: now.attempt == nth + 1 and now.done > reached)
        dying.end(signal.SIGKILL)
        reached = seen.done
        assert reached < ROWS, "the file is too short for a death in the middle"
    worker(daybook)
    done = await until(parts, job, lambda now: now.status in OVER, 40)
    assert (done.status, done.done, done.refused) == (Status.COMPLETED, ROWS, len(BAD))
    good = [f"Row {nth}" for nth in range(ROWS) if nth not in BAD]
    assert await created(parts, job) == Counter((kind, title) for kind in ("task.created", "task.completed") for title in good)
    errors, more = await JobFolder(parts.settings.jobs_at).errors(job.requester_id, job.id, 0, ROWS)
    assert ([error.line for error in errors], more) == ([nth + 2 for nth in sorted(BAD)], None)


async def test_a_worker_that_is_told_to_stop_gives_its_job_back_at_once_and_another_goes_on(daybook, parts):
    job = await asked(parts)
    first = worker(daybook)
    await until(parts, job, lambda now: now.done > 0)
    first.end(signal.SIGTERM)
    assert first.code == 0, first.log.read_text()
    left = await until(parts, job, lambda now: now.status is not Status.RUNNING)
    assert (left.status, left.losses, left.attempt) == (Status.QUEUED, 0, 1)
    assert 0 < left.done < ROWS
    worker(daybook)
    done = await until(parts, job, lambda now: now.status in OVER)
    assert (done.status, done.done) == (Status.COMPLETED, ROWS)
    assert set((await created(parts, job)).values()) == {1}


async def test_a_build_whose_rows_have_new_ids_each_time_is_seen_to_do_them_twice(daybook, parts):
    job = await asked(parts)
    worker(daybook, "tests.faults.broken:jobs_without_derived_ids")
    await until(parts, job, lambda now: now.losses)
    worker(daybook)
    done = await until(parts, job, lambda now: now.status in OVER)
    assert done.refused > len(BAD), "rows that were done before were done again: their external ids are taken"


async def test_an_import_waits_for_no_read_model(daybook, parts):
    worker(daybook).ready()
    (consumers,) = daybook.of("consumers")
    consumers.tell(signal.SIGSTOP)
    try:
        job = await asked(parts)
        done = await until(parts, job, lambda now: now.status in OVER)
    finally:
        consumers.tell(signal.SIGCONT)
    assert (done.status, done.done) == (Status.COMPLETED, ROWS)
