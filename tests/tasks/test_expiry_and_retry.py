"""A lease that runs out fails the attempt exactly once; attempts that are left are made after a growing pause."""

from datetime import timedelta

import pytest

from application.shared.context import Caller
from application.tasks.assignment import AssignTask, ClaimTask
from application.tasks.deadlines import ExpireLease, RetryWhenDue
from application.tasks.progress import ChangeTaskStatus, Heartbeat
from application.tasks.steps_back import ReopenTask, RetryTask
from application.tasks.task import CreateTask, DeleteTask, RestoreTask
from domain.shared.conflicts import InvalidTransition
from domain.shared.refused import Forbidden, NotFound
from domain.tasks.errors import NotDueYet, StaleToken
from domain.tasks.events import TaskCreated, TaskFailed, TaskRetried
from domain.tasks.status import Status
from domain.tasks.task import Task
from tests.scenario import NOON, given, together
from tests.tasks import people as p


def expire(token=2, now=p.TEN_PAST):
    return lambda task: task.expire(token, now)


@pytest.mark.parametrize("task", [p.leased, p.started])
def test_a_lease_that_ran_out_fails_pending_work_and_work_in_progress(task):
    event = TaskFailed(at=p.TEN_PAST, reason="lock_expired", attempt=1, from_status=task.status)
    after = given(task).when(expire()).then(event)
    assert (after.status, after.last_error, after.retry_at) == (Status.FAILED, "lock_expired", None)


def test_not_an_instant_before_its_end():
    given(p.started).when(expire(now=p.TEN_PAST - timedelta(microseconds=1))).refused(NotDueYet)


@pytest.mark.parametrize("task", [p.claimed, p.completed, p.failed, p.expired, p.assigned, p.made])
def test_an_old_token_or_work_that_is_over_anyway_comes_to_nothing(task):
    given(task).when(expire()).nothing()


def with_attempts(number, failed=0, pause=60):
    created = TaskCreated(at=NOON, owner_id=p.ADMIN.id, title="Sweep", max_attempts=number, retry_seconds=pause)
    task = Task(id=p.made.id).after(created, *[TaskFailed(at=NOON, reason="reported", attempt=nth + 1) for nth in range(failed)])
    return task.after(TaskRetried(at=NOON, token=task.version + 1)) if failed else task


@pytest.mark.parametrize(
    ("attempts", "failed", "pause"), [(2, 0, 60), (9, 1, 120), (9, 2, 240), (100, 60, 86_400)], ids=["first", "second", "third", "many"]
)
def test_the_pause_doubles_up_to_a_day(attempts, failed, pause):
    fail = given(with_attempts(attempts, failed)).when(lambda task: task.change_status(Status.FAILED, None, None, NOON))
    fail.then_a(TaskFailed, attempt=failed + 1, retry_at=NOON + timedelta(seconds=pause))


@pytest.mark.parametrize(("attempts", "failed"), [(1, 0), (3, 2), (3, 5)])
def test_without_an_attempt_left_there_is_no_retry(attempts, failed):
    fail = given(with_attempts(attempts, failed)).when(lambda task: task.change_status(Status.FAILED, None, None, NOON))
    fail.then_a(TaskFailed, attempt=failed + 1, retry_at=None)


async def test_the_clock_fails_a_task_when_its_lock_ends_and_exactly_once():
    world = await p.world_with_nodes(interleaved=True)
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, lock_expires_at=p.TEN_PAST), p.ADMIN)
    assert world.due() == []
    world.later(minutes=10)
    assert world.due() == [ExpireLease(task_id=task.id, token=2)]
    await together(*[world.tick] * 5)
    assert [type(event) for event in world.events(task.id)].count(TaskFailed) == 1
    assert world.recorded[-1].actor_id is None
    assert world.due() == []


async def test_a_heartbeat_moves_the_deadline():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, lock_expires_at=p.TEN_PAST), p.ADMIN)
    world.later(minutes=9)
    await world.do(Heartbeat(task_id=task.id), p.NODE)
    world.later(minutes=9)
    assert world.due() == []
    await world.refuses(NotDueYet, ExpireLease(task_id=task.id, token=2), p.ADMIN)
    world.later(minutes=1)
    await world.tick()
    assert isinstance(world.events(task.id)[-1], TaskFailed)


async def test_a_failed_attempt_is_repeated_by_the_clock_with_its_progress_and_the_old_worker_is_fenced_off():
    world = await p.world_with_nodes()
    create = CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, max_attempts=2, retry_seconds=30)
    task = await world.do(create, p.ADMIN)
    first = await world.do(ClaimTask(task_id=task.id, lease_seconds=60), p.NODE)
    await world.do(Heartbeat(task_id=task.id, progress="half"), p.NODE)
    world.later(seconds=60)
    await world.tick()
    world.later(seconds=29)
    assert world.due() == []
    await world.refuses(NotDueYet, RetryWhenDue(task_id=task.id, attempt=1), p.ADMIN)
    world.later(seconds=1)
    assert world.due() == [RetryWhenDue(task_id=task.id, attempt=1)]
    await world.tick()
    await world.refuses(StaleToken, ChangeTaskStatus(task_id=task.id, status=Status.IN_PROGRESS, token=first.token), p.NODE)
    second = await world.do(ClaimTask(task_id=task.id, lease_seconds=60), p.NODE)
    assert (second.progress, second.attempts, second.token) == ("half", 1, second.version)
    world.later(seconds=60)
    await world.tick()
    world.later(days=2)
    assert world.due() == []  # A dead letter: nobody tries again by itself.


async def test_whoever_is_faster_than_the_retry_wins_and_the_clock_does_nothing():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, max_attempts=3), p.ADMIN)
    await world.do(ChangeTaskStatus(task_id=task.id, status=Status.FAILED), p.NODE)
    await world.do(AssignTask(task_id=task.id, node_id=p.OTHER_ID), p.ADMIN)
    world.later(days=1)
    assert world.due() == []
    before = len(world.recorded)
    await world.do(RetryWhenDue(task_id=task.id, attempt=1), p.ADMIN)
    assert len(world.recorded) == before


async def test_a_dead_letter_is_retried_by_administrators_and_retrying_twice_is_no_news():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    await world.refuses(Forbidden, RetryTask(task_id=task.id), p.NODE)
    await world.do(ChangeTaskStatus(task_id=task.id, status=Status.FAILED), p.NODE)
    retried = await world.do(RetryTask(task_id=task.id), p.ADMIN)
    assert (retried.status, retried.assigned_node_id, retried.token) == (Status.PENDING, p.NODE_ID, retried.version)
    assert (await world.do(RetryTask(task_id=task.id), p.ADMIN)).version == retried.version


def test_the_pause_of_an_older_attempt_comes_to_nothing():
    failing = given(with_attempts(9, 1)).when(lambda task: task.change_status(Status.FAILED, None, None, NOON)).then_a(TaskFailed, attempt=2)
    given(failing).when(lambda task: task.retry_when_due(1, p.minutes(60))).nothing()
    given(failing).when(lambda task: task.retry_when_due(2, p.minutes(60))).then_a(TaskRetried)


async def test_a_nodes_task_is_retried_by_a_manager_whose_it_is_for_whoever_assigns_may_retry():
    world = await p.world_with_nodes()
    manager = Caller(p.ANN.id, "manager")
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), manager)
    await world.do(ChangeTaskStatus(task_id=task.id, status=Status.FAILED), p.NODE)
    assert (await world.do(RetryTask(task_id=task.id), manager)).status is Status.PENDING


async def test_the_owner_of_a_nodes_task_may_not_retry_it_but_the_owner_of_a_task_without_a_node_may():
    world = await p.world_with_nodes()
    for node_id, worker, refused in ((p.NODE_ID, p.NODE, True), (None, p.ANN, False)):
        task = await world.do(CreateTask(title="Sweep", assigned_node_id=node_id, owner_id=p.ANN.id), p.ADMIN)
        await world.do(ChangeTaskStatus(task_id=task.id, status=Status.FAILED), worker)
        if refused:
            await world.refuses(Forbidden, RetryTask(task_id=task.id), p.ANN)
        else:
            await world.refuses(NotFound, RetryTask(task_id=task.id), p.BOB)
            assert (await world.do(RetryTask(task_id=task.id), p.ANN)).status is Status.PENDING


@pytest.mark.parametrize("task", [p.started, p.completed])
def test_only_what_failed_is_retried(task):
    given(task).when(lambda one: one.retry(NOON)).refused(InvalidTransition, to=Status.PENDING)


async def test_a_deleted_task_has_no_deadline_and_a_restored_one_has_it_again():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, lock_expires_at=p.TEN_PAST), p.ADMIN)
    failing = await world.do(CreateTask(title="Sweep", max_attempts=2), p.ADMIN)
    await world.do(ChangeTaskStatus(task_id=failing.id, status=Status.FAILED), p.ADMIN)
    for one in (task, failing):
        await world.do(DeleteTask(task_id=one.id), p.ADMIN)
    world.later(minutes=10)
    assert world.due() == []
    before = len(world.recorded)
    await world.do(ExpireLease(task_id=task.id, token=2), p.ADMIN)
    await world.do(RetryWhenDue(task_id=failing.id, attempt=1), p.ADMIN)
    assert len(world.recorded) == before
    for one in (task, failing):
        await world.do(RestoreTask(task_id=one.id), p.ADMIN)
    assert world.due() == [ExpireLease(task_id=task.id, token=2), RetryWhenDue(task_id=failing.id, attempt=1)]


async def test_completed_work_that_is_restored_or_reopened_has_no_lease():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    await world.do(ClaimTask(task_id=task.id, lease_seconds=60), p.NODE)
    await world.do(ChangeTaskStatus(task_id=task.id, status=Status.COMPLETED), p.NODE)
    await world.do(DeleteTask(task_id=task.id), p.ADMIN)
    await world.do(RestoreTask(task_id=task.id), p.ADMIN)
    world.later(minutes=2)
    assert world.due() == []
    await world.do(ReopenTask(task_id=task.id, reason="It came back"), p.ADMIN)
    assert world.due() == []


async def test_only_the_clock_and_administrators_say_that_time_is_up():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    for command in (ExpireLease(task_id=task.id, token=2), RetryWhenDue(task_id=task.id, attempt=1)):
        await world.refuses(Forbidden, command, p.NODE)
