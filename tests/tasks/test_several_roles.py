"""Who holds several roles may what any of them may; a key may only what its scopes say, also in a batch."""

from uuid import UUID

import pytest

from application.shared.context import Caller
from application.tasks.assignment import AssignTask, ClaimTask
from application.tasks.node import DrainNode, SeeNode
from application.tasks.task import CreateTask, DeleteTask, EditTask
from domain.shared.refused import Hidden, InsufficientRole, InsufficientScope
from domain.tasks.events import Fields
from tests.tasks import people as p

BOTH = Caller(p.NODE_ID, "user", roles=frozenset({"user", "node"}))
MANAGER = Caller(UUID(int=0x3A), "manager", roles=frozenset({"manager", "guest"}))


async def test_a_person_who_is_also_a_node_owns_tasks_and_works_on_those_given_to_them():
    world = await p.world_with_nodes()
    assert (await world.do(CreateTask(title="My own"), BOTH)).owner_id == BOTH.id
    given = await world.do(CreateTask(title="Given", assigned_node_id=p.NODE_ID), p.ADMIN)
    assert (await world.do(ClaimTask(task_id=given.id, lease_seconds=60), BOTH)).assigned_node_id == BOTH.id
    await world.do(SeeNode(), BOTH)
    await world.do(DrainNode(node_id=p.NODE_ID), BOTH)
    await world.refuses(Hidden, DrainNode(node_id=p.OTHER_ID), BOTH)


async def test_a_role_that_permits_less_takes_nothing_away():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep"), MANAGER)
    await world.do(AssignTask(task_id=task.id, node_id=p.NODE_ID), MANAGER)
    await world.refuses(InsufficientRole, SeeNode(), MANAGER)


@pytest.mark.parametrize("caller", [p.ANN, p.ADMIN])
async def test_a_key_that_may_work_on_tasks_may_not_edit_or_delete_them_whoevers_it_is(caller):
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep"), caller)
    key = Caller(caller.id, caller.role, scopes=frozenset({"tasks:work", "tasks:read"}))
    await world.refuses(InsufficientScope, DeleteTask(task_id=task.id), key)
    await world.refuses(InsufficientScope, EditTask(task_id=task.id, changes=Fields(title="Mine")), key)
