"""A task of people through anything they come up with: forward only, back only by name, and every view agrees at the end (X-13)."""

import random
from contextlib import suppress

import pytest

from application.tasks.task import CreateTask
from domain.shared.refused import Refused
from domain.tasks.audience import Audience
from domain.tasks.events import TaskBecameOverdue
from domain.tasks.status import OPEN
from domain.tasks.task import Task
from projections.tasks.task_board import TASK_BOARD
from tests.scenario import folded
from tests.tasks import people as p
from tests.tasks.steps import only_allowed_steps
from tests.tasks.wishes import of_people

WALKS, STEPS = 16, 80


@pytest.mark.parametrize("part", range(4))
async def test_no_walk_takes_a_forbidden_step(part):
    seen = set()
    for seed in range(part * WALKS, (part + 1) * WALKS):
        dice = random.Random(seed)  # noqa: S311 — dice, no secret.
        world = await p.with_projects(await p.world_with_nodes())
        task_id = (await world.do(CreateTask(title="Water", project_id=p.GARDEN, due_date=p.minutes(5)), p.ANN)).id
        for wish, who in dice.choices(of_people(task_id), k=STEPS):
            with suppress(Refused):
                await world.do(wish, who)
            if dice.random() < 0.1:
                world.later(minutes=dice.choice([1, 5]))
                await world.tick()
        only_allowed_steps(world.events(task_id))
        seen |= {type(event).__name__ for event in world.events(task_id)}
        task, _ = await world.log.load(Task, task_id)
        audience, row = (await world.log.load(Audience, task_id))[0], folded(TASK_BOARD, world.recorded)[task_id]
        for name in ("owner_id", "assignee_ids", "watcher_ids", "project_id", "title", "deleted"):
            assert getattr(audience, name) == getattr(task, name), name
        for name in ("version", "owner_id", "assignee_ids", "watcher_ids", "project_id", "deleted", "status", "due_date", "overdue", "tags"):
            held = getattr(task, name)
            assert getattr(row, name) == (list(held) if isinstance(held, tuple) else held), name
        due = task.due_date is not None and task.due_date <= world.now and task.status in OPEN and not task.deleted
        assert task.overdue_told or not due or any(wish.task_id == task_id for wish in world.due())
        told = [event.due_date for event in world.events(task_id) if isinstance(event, TaskBecameOverdue)]
        assert all(one is not None for one in told)
    assert seen >= {
        "TaskStarted", "TaskSubmitted", "TaskSentBack", "TaskCompleted", "TaskCancelled", "TaskFailed", "TaskRetried", "TaskReopened", "TaskMoved",
        "TaskAssigneeAdded", "TaskAssigneeRemoved", "TaskWatcherAdded", "TaskWatcherRemoved", "TaskBecameOverdue", "TaskDeleted", "TaskRestored",
    }  # fmt: skip
