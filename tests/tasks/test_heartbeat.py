"""A heartbeat keeps a lease alive, up to a day; what the worker says of its progress reaches the next attempt."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import UNSET

from application.shared.context import ANONYMOUS
from application.tasks.progress import Heartbeat, NoteProgress
from application.tasks.task import CreateTask
from domain.shared.refused import InsufficientRole, NotFound
from domain.tasks.errors import NotAssignedNode, NotRunning, StaleToken, TaskExpired
from domain.tasks.events import LeaseExtended, TaskAssigned, TaskProgressed
from tests.scenario import NOON, given
from tests.tasks import people as p


def heartbeat(token=None, progress=UNSET, now=NOON):
    return lambda task: task.heartbeat(token, progress, now)


def test_a_lease_lasts_from_now_as_long_as_it_did_at_first():
    given(p.started).when(heartbeat(now=p.minutes(4))).then(LeaseExtended(at=p.minutes(4), token=2, lock_expires_at=p.minutes(14)))


def test_again_and_again():
    once = given(p.started).when(heartbeat(now=p.minutes(4))).then_a(LeaseExtended)
    given(once).when(heartbeat(now=p.minutes(13))).then_a(LeaseExtended, lock_expires_at=p.minutes(23))


def test_but_no_longer_than_a_day():
    task = p.started
    for hour in range(0, 24 * 60, 9):
        task = given(task).when(heartbeat(now=p.minutes(hour))).then_a(LeaseExtended) if hour else task
    assert task.lock_expires_at == p.minutes(24 * 60)
    given(task).when(heartbeat(now=p.minutes(24 * 60 - 1))).nothing()


def test_a_lock_longer_than_a_day_is_never_shortened():
    far = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    task = p.made.after(TaskAssigned(at=NOON, node_id=p.NODE_ID, token=2, lock_expires_at=far))
    given(task).when(heartbeat(now=p.minutes(5))).nothing()


def test_a_clock_a_little_behind_never_shortens_a_lease():
    given(p.started).when(heartbeat(now=NOON - timedelta(milliseconds=5))).nothing()


def test_a_lease_that_has_ended_is_not_revived():
    given(p.started).when(heartbeat(now=p.TEN_PAST)).refused(TaskExpired)
    given(p.expired).when(heartbeat(now=p.minutes(11))).refused(TaskExpired)


@pytest.mark.parametrize("task", [p.completed, p.failed])
def test_finished_work_has_no_heartbeat(task):
    given(task).when(heartbeat()).refused(NotRunning)


def test_a_stale_token_keeps_nothing_alive():
    given(p.claimed).when(heartbeat(token=2)).refused(StaleToken)


def test_progress_comes_with_it_and_is_kept():
    after = given(p.started).when(heartbeat(progress={"rows": 7}, now=p.minutes(1))).then_a(LeaseExtended, progress={"rows": 7})
    assert after.progress == {"rows": 7}


def test_without_a_lease_only_progress_is_news():
    given(p.assigned).when(heartbeat()).nothing()
    after = given(p.assigned).when(heartbeat(progress=None)).nothing()
    after = given(p.assigned).when(heartbeat(progress=0)).then(TaskProgressed(at=NOON, progress=0))
    given(after).when(heartbeat(progress=0)).nothing()
    given(after).when(heartbeat(progress=False)).then_a(TaskProgressed, progress=False)
    given(after).when(heartbeat(progress=None)).then_a(TaskProgressed, progress=None)


def test_progress_has_a_limit():
    given(p.started).when(heartbeat(progress="x" * 16_383)).invalid("/progress", "too_large")


async def test_only_the_assigned_node_keeps_it_alive():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, lock_expires_at=p.TEN_PAST), p.ADMIN)
    world.later(minutes=1)
    await world.refuses(NotAssignedNode, Heartbeat(task_id=task.id), p.ADMIN)
    await world.refuses(NotFound, Heartbeat(task_id=task.id), p.OTHER_NODE)
    assert (await world.do(Heartbeat(task_id=task.id), p.NODE)).lock_expires_at == p.minutes(11)


async def test_everybody_who_sees_a_task_may_note_something_whatever_its_status():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    for caller in (p.ADMIN, p.NODE):
        await world.do(NoteProgress(task_id=task.id, note="Waiting for the customer"), caller)
    await world.refuses(NotFound, NoteProgress(task_id=task.id, note="Me too"), p.ANN)
    unassigned = await world.do(CreateTask(title="Sweep"), p.ADMIN)
    await world.refuses(InsufficientRole, NoteProgress(task_id=unassigned.id, note="Me too"), ANONYMOUS)
    assert world.events(task.id)[-1] == TaskProgressed(at=NOON, note="Waiting for the customer")


@pytest.mark.parametrize(("text", "code"), [("", "required"), ("x" * 2001, "too_long")])
def test_a_note_says_something_but_not_too_much(text, code):
    given(p.made).when(lambda task: task.note(text, NOON)).invalid("/note", code)
