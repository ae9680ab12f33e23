"""A task begins with everything its creator said, or not at all."""

from datetime import datetime, timedelta, timezone
from uuid import UUID

import msgspec
import pytest

from application.shared.context import ANONYMOUS, SYSTEM
from application.tasks.assignment import AssignTask
from application.tasks.node import DrainNode
from application.tasks.task import CreateTask, DeleteTask, RestoreTask
from domain.identity.events import RoleRevoked, UserDisabled, UserErased
from domain.identity.role import Role
from domain.shared.refused import Forbidden, Invalid
from domain.tasks.errors import ExternalIdTaken, NodeDraining
from domain.tasks.events import TaskAssigned, TaskCreated
from domain.tasks.status import Priority, Status
from domain.tasks.task import Task
from tests.scenario import NOON, given, together
from tests.tasks import people as p


def create(**fields):
    return lambda task: task.create(NOON, owner_id=p.ANN.id, **{"title": "Water"} | fields)


def test_the_title_is_kept_without_the_spaces_around_it():
    given(Task(id=p.own.id)).when(create(title="  Water the plants ")).then_a(TaskCreated, title="Water the plants", owner_id=p.ANN.id)


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"title": " \t"}, "/title", "required"),
        ({"title": "x" * 256}, "/title", "too_long"),
        ({"description": "x" * 20_001}, "/description", "too_long"),
        ({"payload": "x" * 65_535}, "/payload", "too_large"),
        ({"external_id": ""}, "/external_id", "required"),
        ({"external_id": "x" * 256}, "/external_id", "too_long"),
        ({"max_attempts": 0}, "/max_attempts", "out_of_range"),
        ({"max_attempts": 101}, "/max_attempts", "out_of_range"),
        ({"retry_seconds": 0}, "/retry_seconds", "out_of_range"),
        ({"due_date": datetime(2026, 1, 1)}, "/due_date", "zone_required"),  # noqa: DTZ001 — that is the point.
        ({"due_date": datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))}, "/due_date", "out_of_range"),
    ],
)
def test_a_field_that_does_not_fit_is_named(fields, pointer, code):
    given(Task(id=p.own.id)).when(create(**fields)).invalid(pointer, code)


def test_all_fields_that_do_not_fit_are_named_at_once():
    refused = given(Task(id=p.own.id)).when(create(title="", max_attempts=0)).refused(Invalid)
    assert [error["pointer"] for error in refused.facts["errors"]] == ["/title", "/max_attempts"]


@pytest.mark.parametrize("fields", [{"title": "x" * 255}, {"payload": "x" * 65_534}, {"due_date": p.minutes(600)}])
def test_limits_are_inclusive(fields):
    given(Task(id=p.own.id)).when(create(**fields)).then_a(TaskCreated, **fields)


@pytest.mark.parametrize("json", [b'"d"', b'{"a":[1,1.0,true,null,{"b":""}]}', b"0", b"false", b'""', b"[]", b"18446744073709551616", b"1e-7"])
async def test_a_payload_comes_back_unchanged(json):
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Water", payload=msgspec.json.decode(json)), p.ANN)
    loaded, _ = await world.log.load(Task, task.id)
    assert msgspec.json.encode(loaded.payload) == json


async def test_created_and_assigned_are_one_append_and_the_token_is_the_version_of_the_assignment():
    world = await p.world_with_nodes()
    before = len(world.recorded)
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, lock_expires_at=p.TEN_PAST), p.ADMIN)
    assert [type(event) for event in world.events(task.id)] == [TaskCreated, TaskAssigned]
    assert len(set(world.log.metadata[before:])) == 1  # One command id for both.
    assert (task.version, task.token, task.status, task.lock_expires_at) == (2, 2, Status.PENDING, p.TEN_PAST)


@pytest.mark.parametrize("caller", [p.NODE, ANONYMOUS, SYSTEM])
async def test_nodes_strangers_and_the_clock_create_nothing(caller):
    world = await p.world_with_nodes()
    await world.refuses(Forbidden, CreateTask(title="Sweep"), caller)


async def test_users_may_not_give_work_to_nodes():
    world = await p.world_with_nodes()
    await world.refuses(Forbidden, CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ANN)


async def test_only_administrators_create_tasks_of_others_who_must_exist():
    world = await p.world_with_nodes()
    await world.refuses(Forbidden, CreateTask(title="Water", owner_id=p.BOB.id), p.ANN)
    refused = await world.refuses(Invalid, CreateTask(title="Water", owner_id=UUID(int=404)), p.ADMIN)
    assert refused.facts["errors"][0]["code"] == "unknown_user"
    assert (await world.do(CreateTask(title="Water", owner_id=p.BOB.id), p.ADMIN)).owner_id == p.BOB.id


@pytest.mark.parametrize(
    "event",
    [UserDisabled(user_id=p.NODE_ID), RoleRevoked(user_id=p.NODE_ID, role=Role.NODE), UserErased(user_id=p.NODE_ID, erased_at=p.minutes(1))],
    ids=["disabled", "no node any more", "erased"],
)
async def test_work_is_given_only_to_active_nodes(event):
    world = await p.world_with_nodes()
    await world.happened(p.NODE_ID, event)
    refused = await world.refuses(Invalid, CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    assert (refused.facts["errors"][0]["pointer"], refused.facts["errors"][0]["code"]) == ("/assigned_node_id", "unknown_node")


@pytest.mark.parametrize("node_id", [UUID(int=404), p.ANN.id], ids=["nobody", "a person"])
async def test_a_person_or_nobody_is_no_node(node_id):
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep"), p.ADMIN)
    refused = await world.refuses(Invalid, AssignTask(task_id=task.id, node_id=node_id), p.ADMIN)
    assert (refused.facts["errors"][0]["pointer"], refused.facts["errors"][0]["code"]) == ("/node_id", "unknown_node")


async def test_a_draining_node_gets_nothing_new():
    world = await p.world_with_nodes()
    await world.do(DrainNode(node_id=p.NODE_ID), p.ADMIN)
    await world.refuses(NodeDraining, CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)


@pytest.mark.parametrize("minutes", [0, -1])
async def test_a_lock_must_end_in_the_future(minutes):
    world = await p.world_with_nodes()
    create = CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, lock_expires_at=p.minutes(minutes))
    refused = await world.refuses(Invalid, create, p.ADMIN)
    assert (refused.facts["errors"][0]["pointer"], refused.facts["errors"][0]["code"]) == ("/lock_expires_at", "must_be_future")


async def test_a_lock_needs_a_node():
    world = await p.world_with_nodes()
    refused = await world.refuses(Invalid, CreateTask(title="Sweep", lock_expires_at=p.TEN_PAST), p.ADMIN)
    assert refused.facts["errors"][0]["code"] == "needs_node"


async def test_an_external_id_is_unique_per_owner_and_the_refusal_names_the_task_that_has_it():
    world = await p.world_with_nodes()
    first = await world.do(CreateTask(title="Case", external_id="Case 1", priority=Priority.HIGH), p.ANN)
    refused = await world.refuses(ExternalIdTaken, CreateTask(title="Case", external_id="Case 1"), p.ANN)
    assert refused.facts == {"task_id": first.id}
    assert (await world.do(CreateTask(title="Case", external_id="Case 1"), p.BOB)).version == 1


async def test_of_many_who_create_the_same_external_id_at_once_one_succeeds():
    world = await p.world_with_nodes(interleaved=True)
    outcomes = await together(*[lambda: world.do(CreateTask(title="Case", external_id="Case 1"), p.ANN)] * 20)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ExternalIdTaken"] * 19 + ["Task"]


async def test_deleting_gives_the_external_id_back_and_restoring_takes_it_again():
    world = await p.world_with_nodes()
    first = await world.do(CreateTask(title="Case", external_id="Case 1"), p.ANN)
    await world.do(DeleteTask(task_id=first.id), p.ANN)
    second = await world.do(CreateTask(title="Case", external_id="Case 1"), p.ANN)
    await world.refuses(ExternalIdTaken, RestoreTask(task_id=first.id), p.ADMIN)
    await world.do(DeleteTask(task_id=second.id), p.ANN)
    await world.do(RestoreTask(task_id=first.id), p.ADMIN)
    await world.refuses(ExternalIdTaken, CreateTask(title="Case", external_id="Case 1"), p.ANN)
