"""Only forward, only by the worker, only while its lease lasts."""

import pytest

from application.tasks.assignment import AssignTask
from application.tasks.progress import ChangeTaskStatus
from application.tasks.task import CreateTask
from domain.shared.conflicts import InvalidTransition
from domain.shared.refused import NotFound
from domain.tasks.errors import NotAssignedNode, StaleToken, TaskExpired
from domain.tasks.events import TaskCompleted, TaskFailed, TaskStarted
from domain.tasks.status import Status
from tests.scenario import NOON, given
from tests.tasks import people as p

S = Status
REFUSED = [
    (p.leased, S.COMPLETED, [S.IN_PROGRESS, S.FAILED]),
    (p.completed, S.IN_PROGRESS, []),
    (p.completed, S.FAILED, []),
    (p.failed, S.IN_PROGRESS, []),
    (p.failed, S.COMPLETED, []),
]


def to(status, token=None, reason=None, now=NOON):
    return lambda task: task.change_status(status, token, reason, now)


def test_a_node_starts_then_completes():
    busy = given(p.leased).when(to(S.IN_PROGRESS)).then(TaskStarted(at=NOON))
    done = given(busy).when(to(S.COMPLETED)).then(TaskCompleted(at=NOON))
    assert (done.status, done.completed_at, done.assigned_node_id) == (S.COMPLETED, NOON, p.NODE_ID)


def test_a_node_may_refuse_pending_work_and_says_why():
    after = given(p.leased).when(to(S.FAILED, reason="no broom")).then_a(TaskFailed, from_status=S.PENDING, reason="reported", attempt=1)
    assert after.last_error == "no broom"


@pytest.mark.parametrize(("task", "status", "allowed"), REFUSED)
def test_every_other_step_of_a_node_is_refused_and_says_which_are_allowed(task, status, allowed):
    given(task).when(to(status)).refused(InvalidTransition, to=status, allowed=allowed, **{"from": task.status})


@pytest.mark.parametrize("task", [p.started, p.completed, p.failed])
def test_the_same_status_again_is_no_news(task):
    given(task).when(to(task.status)).nothing()


def test_completing_again_is_no_news_even_when_the_lock_has_passed_since():
    given(p.completed).when(to(S.COMPLETED, token=2, now=p.minutes(11))).nothing()


def test_pending_cannot_be_reported():
    given(p.started).when(to(S.PENDING)).invalid("/status", "not_reportable")


@pytest.mark.parametrize("status", [S.COMPLETED, S.FAILED, S.IN_PROGRESS])
@pytest.mark.parametrize("late", [10, 10.001, 600])
def test_from_the_last_instant_of_the_lease_on_nothing_can_be_reported(status, late):
    given(p.started).when(to(status, now=p.minutes(late))).refused(TaskExpired)


def test_an_instant_before_it_can():
    given(p.started).when(to(S.COMPLETED, now=p.minutes(9.999))).then_a(TaskCompleted)


def test_after_the_sweep_the_answer_is_the_same():
    given(p.expired).when(to(S.COMPLETED, now=p.minutes(11))).refused(TaskExpired)


@pytest.mark.parametrize("task", [p.started, p.completed])
def test_a_stale_token_has_no_effect_even_for_the_same_status(task):
    given(task).when(to(S.COMPLETED, token=1)).refused(StaleToken)


def test_people_may_complete_their_own_tasks_without_starting_them():
    given(p.own).when(to(S.COMPLETED)).then(TaskCompleted(at=NOON, from_status=S.PENDING))


async def test_only_the_assigned_node_reports_and_not_even_an_administrator():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    start = ChangeTaskStatus(task_id=task.id, status=S.IN_PROGRESS)
    await world.refuses(NotAssignedNode, start, p.ADMIN)
    await world.refuses(NotFound, start, p.OTHER_NODE)
    await world.refuses(NotFound, start, p.ANN)
    assert (await world.do(start, p.NODE)).status is S.IN_PROGRESS


async def test_a_reassigned_task_is_gone_for_the_node_that_had_it():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    await world.do(ChangeTaskStatus(task_id=task.id, status=S.IN_PROGRESS), p.NODE)
    await world.do(AssignTask(task_id=task.id, node_id=p.OTHER_ID, force=True), p.ADMIN)
    await world.refuses(NotFound, ChangeTaskStatus(task_id=task.id, status=S.COMPLETED, token=2), p.NODE)


async def test_an_owner_and_an_administrator_may_change_a_task_without_a_node_but_no_stranger():
    world = await p.world_with_nodes()
    one, two = [await world.do(CreateTask(title="Water"), p.ANN) for _ in range(2)]
    await world.refuses(NotFound, ChangeTaskStatus(task_id=one.id, status=S.COMPLETED), p.BOB)
    await world.do(ChangeTaskStatus(task_id=one.id, status=S.COMPLETED), p.ANN)
    await world.do(ChangeTaskStatus(task_id=two.id, status=S.COMPLETED), p.ADMIN)
    assert TaskCompleted(at=NOON, from_status=S.PENDING) in world.events(two.id)


async def test_a_task_that_does_not_exist_is_not_found():
    world = await p.world_with_nodes()
    await world.refuses(NotFound, ChangeTaskStatus(task_id=p.made.id, status=S.FAILED), p.ADMIN)
