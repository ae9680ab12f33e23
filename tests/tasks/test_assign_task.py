"""Assigning gives a task to exactly one node and fences off whoever had it."""

import pytest

from application.shared.context import Caller
from application.tasks.assignment import AssignTask
from application.tasks.task import CreateTask
from domain.shared.conflicts import InvalidTransition
from domain.shared.refused import Forbidden, NotFound
from domain.tasks.events import TaskAssigned
from domain.tasks.status import Status
from tests.scenario import NOON, given
from tests.tasks import people as p


def assign(node_id=p.OTHER_ID, lock=None, now=NOON, *, force=False):
    return lambda task: task.assign(node_id, lock, now, force=force)


def test_a_fresh_task_gets_its_first_node():
    event = TaskAssigned(at=NOON, node_id=p.OTHER_ID, token=2, lock_expires_at=p.TEN_PAST)
    after = given(p.made).when(assign(lock=p.TEN_PAST)).then(event)
    assert (after.assigned_node_id, after.token, after.lock_expires_at) == (p.OTHER_ID, 2, p.TEN_PAST)


def test_a_pending_task_changes_hands_and_keeps_a_lock_that_has_not_ended():
    fields = {"previous_node_id": p.NODE_ID, "retry": False, "lock_expires_at": p.TEN_PAST, "token": 3}
    given(p.leased).when(assign()).then_a(TaskAssigned, **fields)


def test_the_same_node_again_is_a_retry_with_a_new_token():
    given(p.failed).when(assign(p.NODE_ID)).then_a(TaskAssigned, retry=True, from_status=Status.FAILED, token=p.failed.version + 1)


def test_a_failed_task_becomes_pending_and_may_fail_again():
    after = given(p.failed).when(assign(lock=p.TEN_PAST)).then_a(TaskAssigned)
    assert (after.status, after.retry_at, after.failure_reason, after.attempts) == (Status.PENDING, None, None, 1)


@pytest.mark.parametrize("task", [p.leased, p.expired])
def test_when_the_old_lock_has_ended_a_new_one_is_needed(task):
    given(task).when(assign(now=p.TEN_PAST)).invalid("/lock_expires_at", "required")
    given(task).when(assign(lock=p.minutes(20), now=p.TEN_PAST)).then_a(TaskAssigned, lock_expires_at=p.minutes(20))


@pytest.mark.parametrize("lock", [p.minutes(10), p.minutes(9)])
def test_a_lock_must_end_in_the_future(lock):
    given(p.made).when(assign(lock=lock, now=p.TEN_PAST)).invalid("/lock_expires_at", "must_be_future")


def test_a_task_in_progress_is_taken_away_only_by_force():
    given(p.started).when(assign()).refused(InvalidTransition, **{"from": Status.IN_PROGRESS})
    given(p.started).when(assign(force=True)).then_a(TaskAssigned, from_status=Status.IN_PROGRESS, previous_node_id=p.NODE_ID)


@pytest.mark.parametrize("force", [False, True])
def test_a_completed_task_is_never_assigned(force):
    given(p.completed).when(assign(force=force)).refused(InvalidTransition, to=Status.PENDING, allowed=[])


async def test_only_administrators_assign():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Water"), p.ANN)
    for caller in (p.ANN, p.NODE):
        await world.refuses(Forbidden, AssignTask(task_id=task.id, node_id=p.NODE_ID), caller)
    assert (await world.do(AssignTask(task_id=task.id, node_id=p.NODE_ID), p.ADMIN)).assigned_node_id == p.NODE_ID


async def test_a_task_that_is_not_there_is_said_before_a_node_that_is_not_there():
    world = await p.world_with_nodes()
    await world.refuses(NotFound, AssignTask(task_id=p.made.id, node_id=p.ANN.id), p.ADMIN)


@pytest.mark.parametrize("who", ["member", "viewer"])
async def test_a_manager_gives_no_task_to_a_node_that_they_only_work_on_or_see(who):
    world = await p.with_projects(await p.world_with_nodes())
    task = await world.do(CreateTask(title="Weed", project_id=p.GARDEN), p.ANN)
    managing = Caller(p.SEATS[who].id, "manager")
    await world.refuses(Forbidden, AssignTask(task_id=task.id, node_id=p.NODE_ID), managing)
    assert (await world.do(AssignTask(task_id=task.id, node_id=p.NODE_ID), Caller(p.BOB.id, "manager"))).assigned_node_id == p.NODE_ID
