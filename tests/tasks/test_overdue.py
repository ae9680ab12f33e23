"""A due date that has passed is said once, by whoever notices first, and again only for another one."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.shared.context import SYSTEM
from application.tasks.assignment import AssignTask
from application.tasks.deadlines import BecomeOverdue
from application.tasks.progress import ChangeTaskStatus
from application.tasks.steps_back import ReopenTask, RetryTask, SendBackTask
from application.tasks.task import CreateTask, DeleteTask, EditTask, RestoreTask
from domain.shared.refused import Forbidden
from domain.tasks import events as e
from domain.tasks.errors import NotDueYet
from domain.tasks.status import Status
from domain.tasks.task import Task
from projections.tasks.task_board import TASK_BOARD
from tests.scenario import NOON, World, folded, together
from tests.tasks import people as p

DUE = p.minutes(30)


async def world_with(**fields) -> tuple[World, UUID]:
    world = await p.world_with_nodes()
    return world, (await world.do(CreateTask(title="Water", **{"due_date": DUE} | fields), p.ANN)).id


def told(world: World, task_id: UUID) -> list:
    return [event.due_date for event in world.events(task_id) if isinstance(event, e.TaskBecameOverdue)]


async def shown(world: World, task_id: UUID) -> bool:
    """Whether it is overdue; task and board agree."""
    task, _ = await world.log.load(Task, task_id)
    assert folded(TASK_BOARD, world.recorded)[task_id].overdue is task.overdue
    return task.overdue


async def passes(world: World, **by: float) -> None:
    world.later(**by)
    await world.tick()


async def test_it_is_said_when_the_due_date_passes_and_not_an_instant_before():
    world, task_id = await world_with()
    world.now = DUE - timedelta(microseconds=1)
    assert world.due() == []
    await passes(world, microseconds=1)
    assert (told(world, task_id), await shown(world, task_id)) == ([DUE], True)
    assert world.due() == []


async def test_of_several_clocks_one_says_it():
    world, task_id = await world_with()
    world.later(minutes=30)
    await together(*[lambda: world.do(BecomeOverdue(task_id=task_id, due_date=DUE), SYSTEM)] * 10)
    assert told(world, task_id) == [DUE]


async def test_only_the_clock_and_administrators_say_it_and_never_too_early():
    world, task_id = await world_with()
    await world.refuses(NotDueYet, BecomeOverdue(task_id=task_id, due_date=DUE), p.ADMIN)
    await world.refuses(Forbidden, BecomeOverdue(task_id=task_id, due_date=DUE), p.ANN)


async def test_a_date_that_has_passed_already_is_overdue_at_once_and_in_the_same_append():
    world, task_id = await world_with(due_date=NOON)
    assert (told(world, task_id), await shown(world, task_id)) == ([NOON], True)
    await world.do(EditTask(task_id=task_id, changes=e.Fields(due_date=DUE)), p.ANN)
    assert await shown(world, task_id) is False
    await world.do(EditTask(task_id=task_id, changes=e.Fields(due_date=p.minutes(-1))), p.ANN)
    assert (told(world, task_id), world.due()) == ([NOON, p.minutes(-1)], [])
    assert len(set(world.log.metadata[-2:])) == 1


async def test_what_is_done_already_when_it_is_created_or_edited_is_never_overdue():
    world, task_id = await world_with(due_date=NOON, status=Status.COMPLETED)
    assert [type(event) for event in world.events(task_id)] == [e.TaskCreated, e.TaskCompleted]
    await world.do(EditTask(task_id=task_id, changes=e.Fields(due_date=p.minutes(-1))), p.ANN)
    await world.do(EditTask(task_id=task_id, changes=e.Fields(due_date=DUE)), p.ANN)
    await passes(world, hours=1)
    assert (told(world, task_id), world.due()) == ([], [])


@pytest.mark.parametrize("due", [p.minutes(60), None], ids=["later", "never"])
async def test_a_moved_due_date_is_another_one(due):
    world, task_id = await world_with()
    await passes(world, minutes=30)
    await world.do(EditTask(task_id=task_id, changes=e.Fields(due_date=due)), p.ANN)
    assert await shown(world, task_id) is False
    await passes(world, minutes=30)
    assert told(world, task_id) == ([DUE] if due is None else [DUE, due])


async def test_another_edit_leaves_the_deadline_where_it_is():
    world, task_id = await world_with()
    await world.do(EditTask(task_id=task_id, changes=e.Fields(title="Dry")), p.ANN)
    await passes(world, minutes=30)
    assert told(world, task_id) == [DUE]


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED, Status.FAILED])
async def test_what_is_over_is_not_overdue_and_is_when_it_is_open_again(status):
    world, task_id = await world_with()
    await world.do(ChangeTaskStatus(task_id=task_id, status=status), p.ANN)
    await passes(world, minutes=30)
    assert (told(world, task_id), world.due()) == ([], [])
    again = RetryTask(task_id=task_id) if status is Status.FAILED else ReopenTask(task_id=task_id, reason="Dry again")
    await world.do(again, p.ANN)
    assert (told(world, task_id), await shown(world, task_id)) == ([DUE], True)


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED, Status.FAILED])
async def test_the_clock_still_comes_for_what_was_open_again_in_time(status):
    world, task_id = await world_with()
    await world.do(ChangeTaskStatus(task_id=task_id, status=status), p.ANN)
    again = RetryTask(task_id=task_id) if status is Status.FAILED else ReopenTask(task_id=task_id, reason="Dry again")
    await world.do(again, p.ANN)
    await passes(world, minutes=30)
    assert told(world, task_id) == [DUE]


async def test_once_told_it_stays_told_through_completing_reopening_and_review():
    world, task_id = await world_with()
    await passes(world, minutes=30)
    await world.do(ChangeTaskStatus(task_id=task_id, status=Status.IN_REVIEW), p.ANN)
    await world.do(SendBackTask(task_id=task_id, reason="Dry corner"), p.ANN)
    await world.do(ChangeTaskStatus(task_id=task_id, status=Status.COMPLETED), p.ANN)
    assert await shown(world, task_id) is False
    await world.do(ReopenTask(task_id=task_id, reason="Dry again"), p.ANN)
    await passes(world, minutes=30)
    assert (told(world, task_id), await shown(world, task_id)) == ([DUE], True)


async def test_deleted_tasks_are_not_overdue_and_restored_ones_are():
    world, task_id = await world_with()
    await world.do(DeleteTask(task_id=task_id), p.ANN)
    await passes(world, minutes=30)
    assert (told(world, task_id), world.due()) == ([], [])
    await world.do(RestoreTask(task_id=task_id), p.ANN)
    assert told(world, task_id) == [DUE]


async def test_a_restored_task_is_waited_for_unless_it_is_over():
    for status, expected in ((Status.PENDING, [DUE]), (Status.COMPLETED, [])):
        world, task_id = await world_with(status=status)
        await world.do(DeleteTask(task_id=task_id), p.ANN)
        await world.do(RestoreTask(task_id=task_id), p.ANN)
        await passes(world, minutes=30)
        assert told(world, task_id) == expected


async def test_a_nodes_task_has_both_a_lease_that_ends_and_a_due_date_that_passes():
    world = await p.world_with_nodes()
    create = CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, lock_expires_at=p.TEN_PAST, due_date=DUE)
    task_id = (await world.do(create, p.ADMIN)).id
    await passes(world, minutes=10)
    assert (await world.log.load(Task, task_id))[0].status is Status.FAILED
    await world.do(AssignTask(task_id=task_id, node_id=p.OTHER_ID, lock_expires_at=p.minutes(60)), p.ADMIN)
    await passes(world, minutes=20)
    assert told(world, task_id) == [DUE]
