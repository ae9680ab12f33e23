"""An erased person leaves nothing of their own behind, and what they did with others stays with these (requirement S1-C03)."""

from types import SimpleNamespace
from uuid import UUID

import pytest

from application.shared.context import SYSTEM
from application.shared.reaction import REACTIONS
from application.tasks import erasure
from application.tasks.erasure import HandOverTasks
from application.tasks.task import CreateTask
from domain.identity.events import UserErased, UserForgotten
from domain.projects.events import ProjectReowned
from domain.shared.refused import InsufficientRole
from domain.tasks import events as e
from domain.tasks.audience import Audience
from domain.tasks.task import Task
from infra.memory.remains import MemoryRemains
from tests.scenario import NOON, World
from tests.tasks import people as p

BOB = p.BOB.id


class Small(World):
    """A world in which reactions react, and the board of tasks knows everything at once."""

    def __init__(self, **options: bool) -> None:
        super().__init__(**options)
        self.remains = MemoryRemains()
        self.dispatch._outside = SimpleNamespace(remains=self.remains)
        self.reacted = 0

    async def settle(self) -> None:
        """React to everything that happened, also to what comes of that."""
        while self.reacted < len(self.recorded):
            recorded = self.recorded[self.reacted]
            self.reacted += 1
            self.remains.tasks = await self.board()
            if isinstance(recorded.event, REACTIONS["tasks.erasure"].listens):
                for command in erasure.erasure(recorded):
                    await self.do(command, SYSTEM)

    async def board(self) -> dict[UUID, list[UUID]]:
        of: dict[UUID, list[UUID]] = {}
        for task_id in {one.stream_id for one in self.recorded if isinstance(one.event, e.TaskCreated)}:
            audience, _ = await self.log.load(Audience, task_id)
            for person in () if audience.deleted else audience.people:
                of.setdefault(person, []).append(task_id)
        return of

    async def task(self, task_id: UUID) -> Task:
        return (await self.log.load(Task, task_id))[0]


@pytest.fixture
async def world(monkeypatch) -> Small:
    monkeypatch.setattr("tests.tasks.people.World", Small)
    made = await p.world_with_nodes()
    assert isinstance(made, Small)
    return await p.with_projects(made)


async def erase(world: Small, user_id: UUID) -> None:
    await world.happened(user_id, UserErased(user_id=user_id, erased_at=NOON))
    await world.settle()


async def test_own_tasks_go_and_those_in_projects_go_to_the_projects_owner(world):
    own = await world.do(CreateTask(title="Diary", external_id="1"), p.BOB)
    shared = await world.do(CreateTask(title="Water", external_id="2", project_id=p.GARDEN, assignee_ids=(BOB, p.CAT.id)), p.BOB)
    followed = await world.do(CreateTask(title="Dig", assignee_ids=(BOB,), watcher_ids=(BOB, p.CAT.id)), p.ANN)
    foreign = await world.do(CreateTask(title="Rest"), p.ANN)
    await erase(world, BOB)
    assert (await world.task(own.id)).deleted
    after = await world.task(shared.id)
    assert (after.owner_id, after.assignee_ids, after.deleted) == (p.ANN.id, (p.CAT.id,), False)
    after = await world.task(followed.id)
    assert (after.owner_id, after.assignee_ids, after.watcher_ids) == (p.ANN.id, (), (p.CAT.id,))
    assert (await world.task(foreign.id)).version == 1
    recorded = [one.actor_id for one in world.recorded if isinstance(one.event, e.TaskReowned | e.TaskDeleted | e.TaskAssigneeRemoved)]
    assert recorded == [None] * 4


async def test_an_external_id_stays_with_the_task_and_goes_with_it(world):
    await world.do(CreateTask(title="Diary", external_id="1"), p.BOB)
    shared = await world.do(CreateTask(title="Water", external_id="2", project_id=p.GARDEN), p.BOB)
    anns = await world.do(CreateTask(title="Dig", external_id="2"), p.ANN)
    assert len(world.log.names) == 3
    await erase(world, BOB)
    assert sorted(map(str, world.log.names.values())) == sorted([str(shared.id), str(anns.id)])


async def test_many_tasks_go_part_by_part_and_each_part_says_where_to_go_on(world, monkeypatch):
    monkeypatch.setattr(erasure, "PART", 4)
    ids = [(await world.do(CreateTask(title="Diary"), p.BOB)).id for _ in range(10)]
    await erase(world, BOB)
    assert all([(await world.task(task_id)).deleted for task_id in ids])
    parts = [one.event for one in world.recorded if isinstance(one.event, e.TasksHandedOver)]
    assert [part.beyond for part in parts] == [sorted(ids)[3], sorted(ids)[7]]
    assert len([one for one in world.recorded if isinstance(one.event, e.TaskDeleted)]) == 10


async def test_done_again_or_for_somebody_who_is_still_there_nothing_happens(world):
    await world.do(CreateTask(title="Diary"), p.BOB)
    for position in (1, 2):
        await world.do(HandOverTasks(user_id=BOB, seen=position), SYSTEM)
    assert not any(isinstance(one.event, e.TaskDeleted) for one in world.recorded)
    await erase(world, BOB)
    count = len(world.recorded)
    await world.do(HandOverTasks(user_id=BOB, seen=1), SYSTEM)
    assert len(world.recorded) == count


async def test_what_was_created_in_the_last_second_goes_when_the_person_is_forgotten(world):
    await erase(world, BOB)
    late = await world.do(CreateTask(title="Diary"), p.BOB)
    await world.happened(BOB, UserForgotten(user_id=BOB))
    await world.settle()
    assert (await world.task(late.id)).deleted


async def test_tasks_of_a_project_whose_owner_is_gone_wait_for_the_next_one(world):
    task = await world.do(CreateTask(title="Dig", project_id=p.CELLAR, assignee_ids=(BOB,)), p.BOB)
    await erase(world, BOB)
    after = await world.task(task.id)
    assert (after.owner_id, after.assignee_ids, after.deleted) == (BOB, (), False)
    await world.happened(p.CELLAR, ProjectReowned(at=NOON, project_id=p.CELLAR, owner_id=p.ANN.id, previous_owner_id=BOB))
    await world.settle()
    assert (await world.task(task.id)).owner_id == p.ANN.id


@pytest.mark.parametrize("caller", [p.ADMIN, p.ANN])
async def test_nobody_but_daybook_itself_hands_tasks_over(world, caller):
    await world.refuses(InsufficientRole, HandOverTasks(user_id=BOB, seen=1), caller)
