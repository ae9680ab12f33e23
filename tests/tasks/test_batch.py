"""Many tasks at once: each by itself or all or none, in the order asked, and one append whichever it is."""

from uuid import UUID

import pytest

from application.shared.context import Caller
from application.tasks.assignment import AssignTask
from application.tasks.batch import BatchRefused, ChangeTasks
from application.tasks.people import AddAssignee, MoveTask
from application.tasks.progress import ChangeTaskStatus
from application.tasks.steps_back import ReopenTask
from application.tasks.task import CreateTask, DeleteTask, EditTask, RestoreTask, TagTask
from domain.shared.conflicts import InvalidTransition
from domain.shared.refused import Hidden, InsufficientScope, NotFound
from domain.tasks import events as e
from domain.tasks.errors import ExternalIdTaken
from domain.tasks.status import Priority, Status
from domain.tasks.task import Task
from tests.scenario import NOON, World, together
from tests.tasks import people as p

NOBODYS = UUID(int=404)


async def world_with(number: int, who: Caller = p.ANN, **fields) -> tuple[World, list[UUID]]:
    world = await p.with_projects(await p.world_with_nodes())
    return world, [(await world.do(CreateTask(title=f"Water {nth}", **fields), who)).id for nth in range(number)]


def each(kind, ids, **fields):
    return tuple(kind(task_id=task_id, **fields) for task_id in ids)


def complete(ids):
    return each(ChangeTaskStatus, ids, status=Status.COMPLETED)


async def status(world: World, task_id: UUID) -> Status:
    return (await world.log.load(Task, task_id))[0].status


async def test_each_is_granted_or_refused_by_itself_in_the_order_asked_and_all_of_it_is_one_append():
    world, (one, two) = await world_with(2)
    bobs = (await world.do(CreateTask(title="Bob's"), p.BOB)).id
    before = len(world.recorded)
    items = await world.do(ChangeTasks(wishes=complete([two, bobs, NOBODYS, one])), p.ANN)
    assert [item.task_id for item in items] == [two, bobs, NOBODYS, one]
    assert [type(item.refused) for item in items] == [type(None), Hidden, NotFound, type(None)]
    assert items[0].task.status is Status.COMPLETED
    assert len(world.recorded) == before + 2
    assert len(set(world.log.metadata[before:])) == 1


async def test_all_or_none_writes_nothing_and_names_every_one_that_refuses():
    world, (one, two) = await world_with(2)
    await world.do(ChangeTaskStatus(task_id=two, status=Status.CANCELLED), p.ANN)
    refused = await world.refuses(BatchRefused, ChangeTasks(wishes=complete([one, two, NOBODYS]), atomic=True), p.ANN)
    assert [(told["task_id"], told["code"]) for told in refused.facts["offenders"]] == [(two, "invalid_transition"), (NOBODYS, "not_found")]
    assert await status(world, one) is Status.PENDING
    await world.do(ChangeTasks(wishes=complete([one]), atomic=True), p.ANN)
    assert await status(world, one) is Status.COMPLETED


async def test_what_a_caller_may_not_is_refused_for_each():
    world, (one, _) = await world_with(2)
    key = Caller(p.ANN.id, "user", scopes=frozenset({"tasks:work", "tasks:read"}))
    (item,) = await world.do(ChangeTasks(wishes=each(DeleteTask, [one])), key)
    assert isinstance(item.refused, InsufficientScope)


async def test_every_action_has_its_effect_on_every_task():
    world, ids = await world_with(3, project_id=p.GARDEN)
    steps = [
        each(EditTask, ids, changes=e.Fields(priority=Priority.URGENT)),
        each(TagTask, ids, add=("wet", "Green ")),
        each(TagTask, ids, remove=("WET",)),
        each(AddAssignee, ids, user_id=p.BOB.id),
        each(MoveTask, ids, project_id=p.CELLAR),
        complete(ids),
        each(ReopenTask, ids, reason="Dry again"),
    ]
    for wishes in steps:
        assert all(item.refused is None for item in await world.do(ChangeTasks(wishes=wishes), p.ANN))
    for task_id in ids:
        task, _ = await world.log.load(Task, task_id)
        assert (task.priority, task.tags, task.assignee_ids, task.project_id, task.status) == (
            Priority.URGENT, ("green",), (p.BOB.id,), p.CELLAR, Status.PENDING
        )  # fmt: skip
    nodes = [(await world.do(CreateTask(title="Sweep"), p.ADMIN)).id for _ in range(2)]
    await world.do(ChangeTasks(wishes=each(AssignTask, nodes, node_id=p.NODE_ID)), p.ADMIN)
    assert [(await world.log.load(Task, one))[0].assigned_node_id for one in nodes] == [p.NODE_ID] * 2


async def test_somebody_or_somewhere_that_is_not_there_is_said_of_each():
    world, ids = await world_with(2)
    named = await world.do(ChangeTasks(wishes=each(EditTask, ids, assignee_ids=(NOBODYS,))), p.ANN)
    moved = await world.do(ChangeTasks(wishes=each(MoveTask, ids, project_id=NOBODYS)), p.ANN)
    assert [item.told()["code"] for item in (*named, *moved)] == ["validation_failed"] * 2 + ["not_found"] * 2


async def test_restoring_takes_external_ids_back_one_by_one():
    world = await p.world_with_nodes()
    ids = []
    for _ in range(3):
        ids.append((await world.do(CreateTask(title="Case", external_id="Case 1"), p.ANN)).id)
        await world.do(DeleteTask(task_id=ids[-1]), p.ANN)
    first, *others = await world.do(ChangeTasks(wishes=each(RestoreTask, ids)), p.ANN)
    assert not first.task.deleted
    assert [(type(item.refused), item.refused.facts["task_id"]) for item in others] == [(ExternalIdTaken, ids[0])] * 2
    await world.do(ChangeTasks(wishes=each(DeleteTask, ids[:1])), p.ANN)
    assert not (await world.do(RestoreTask(task_id=ids[1]), p.ANN)).deleted


async def test_of_two_who_restore_the_same_external_id_at_once_one_is_told_who_has_it():
    world = await p.world_with_nodes(interleaved=True)
    ids = []
    for _ in range(2):
        ids.append((await world.do(CreateTask(title="Case", external_id="Case 1"), p.ANN)).id)
        await world.do(DeleteTask(task_id=ids[-1]), p.ANN)
    told = await together(*[lambda one=one: world.do(ChangeTasks(wishes=each(RestoreTask, [one])), p.ANN) for one in ids])
    assert sorted(type(item.refused).__name__ for (item,) in told) == ["ExternalIdTaken", "NoneType"]


async def test_batches_that_run_into_each_other_lose_nothing():
    world, ids = await world_with(20)
    world.log._pause = (await p.world_with_nodes(interleaved=True)).log._pause
    batches = [each(TagTask, ids[nth : nth + 10], add=(f"tag {nth}",)) for nth in range(0, 11, 2)]
    assert all(isinstance(told, list) for told in await together(*[lambda one=one: world.do(ChangeTasks(wishes=one), p.ANN) for one in batches]))
    expected = [{f"tag {first}" for first in range(0, 11, 2) if first <= nth < first + 10} for nth in range(20)]
    assert [set((await world.log.load(Task, one))[0].tags) for one in ids] == expected


@pytest.mark.parametrize("atomic", [False, True])
async def test_a_step_that_is_not_allowed_says_which_are(atomic):
    world, ids = await world_with(1)
    await world.do(ChangeTasks(wishes=complete(ids), atomic=atomic), p.ANN)
    (item,) = await world.do(ChangeTasks(wishes=each(ChangeTaskStatus, ids, status=Status.IN_PROGRESS)), p.ANN)
    assert isinstance(item.refused, InvalidTransition)
    assert item.refused.facts["allowed"] == []
    assert world.events(ids[0])[1:] == [e.TaskCompleted(at=NOON, from_status=Status.PENDING)]
