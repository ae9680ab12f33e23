"""A node takes work from its own queue; two of its workers never get the same task."""

from datetime import timedelta

import pytest

from application.tasks.assignment import AssignTask, ClaimTask
from application.tasks.node import DrainNode, ResumeNode, SetNodeCapacity
from application.tasks.progress import ChangeTaskStatus
from application.tasks.task import CreateTask, DeleteTask
from domain.shared.refused import Forbidden, NotFound
from domain.tasks.errors import NodeAtCapacity, NodeDraining, NotClaimable, StaleToken, TaskExpired
from domain.tasks.events import TaskClaimed
from domain.tasks.status import Status
from domain.tasks.task import Task
from tests.scenario import NOON, given, together
from tests.tasks import people as p


def claim(seconds=60, now=NOON):
    return lambda task: task.claim(seconds, now)


def test_a_claim_begins_the_work_with_a_new_lease_and_token():
    event = TaskClaimed(at=NOON, node_id=p.NODE_ID, token=3, lock_expires_at=p.minutes(1))
    after = given(p.assigned).when(claim()).then(event)
    assert (after.status, after.token, after.lease) == (Status.IN_PROGRESS, 3, timedelta(minutes=1))


@pytest.mark.parametrize("task", [p.started, p.claimed, p.completed, p.failed, p.made])
def test_only_what_waits_can_be_claimed(task):
    given(task).when(claim()).refused(NotClaimable)


def test_what_waited_too_long_cannot_be_claimed():
    given(p.leased).when(claim(now=p.TEN_PAST)).refused(TaskExpired)


@pytest.mark.parametrize("seconds", [0, 86_401])
def test_a_lease_lasts_from_a_second_to_a_day(seconds):
    given(p.assigned).when(claim(seconds)).invalid("/lease_seconds", "out_of_range")


async def test_of_fifty_workers_of_a_node_one_gets_the_task():
    world = await p.world_with_nodes(interleaved=True)
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    outcomes = await together(*[lambda: world.do(ClaimTask(task_id=task.id, lease_seconds=60), p.NODE)] * 50)
    assert sum(isinstance(outcome, Task) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, NotClaimable) for outcome in outcomes) == 49
    assert [type(event) for event in world.events(task.id)].count(TaskClaimed) == 1


async def test_a_node_claims_only_its_own_tasks_and_nobody_else_claims():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    command = ClaimTask(task_id=task.id, lease_seconds=60)
    await world.refuses(NotFound, command, p.OTHER_NODE)
    await world.refuses(Forbidden, command, p.ADMIN)
    await world.do(DeleteTask(task_id=task.id), p.ADMIN)
    await world.refuses(NotFound, command, p.NODE)


async def test_a_draining_node_claims_nothing_until_it_resumes():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    await world.do(DrainNode(node_id=p.NODE_ID), p.NODE)
    await world.refuses(NodeDraining, ClaimTask(task_id=task.id, lease_seconds=60), p.NODE)
    await world.do(ResumeNode(node_id=p.NODE_ID), p.NODE)
    await world.do(ClaimTask(task_id=task.id, lease_seconds=60), p.NODE)


async def test_a_node_at_its_capacity_claims_nothing():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    await world.do(SetNodeCapacity(node_id=p.NODE_ID, capacity=2), p.ADMIN)
    await world.refuses(NodeAtCapacity, ClaimTask(task_id=task.id, lease_seconds=60, running=2), p.NODE)
    await world.do(ClaimTask(task_id=task.id, lease_seconds=60, running=1), p.NODE)


async def test_only_the_newest_token_has_an_effect():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    first = await world.do(ClaimTask(task_id=task.id, lease_seconds=60), p.NODE)
    await world.do(AssignTask(task_id=task.id, node_id=p.NODE_ID, force=True), p.ADMIN)
    second = await world.do(ClaimTask(task_id=task.id, lease_seconds=60), p.NODE)
    await world.refuses(StaleToken, ChangeTaskStatus(task_id=task.id, status=Status.COMPLETED, token=first.token), p.NODE)
    await world.do(ChangeTaskStatus(task_id=task.id, status=Status.COMPLETED, token=second.token), p.NODE)
