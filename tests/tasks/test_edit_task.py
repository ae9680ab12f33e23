"""Editing is a merge: absent stays, null clears, the same again is no news."""

from datetime import timedelta, timezone

import pytest

from application.tasks.steps_back import ReopenTask
from application.tasks.task import CreateTask, DeleteTask, EditTask, RestoreTask
from domain.shared.conflicts import InvalidTransition
from domain.shared.refused import Forbidden, InsufficientRole, NotFound, PreconditionFailed
from domain.tasks.errors import TaskNotEditable
from domain.tasks.events import Fields, TaskCompleted, TaskCreated, TaskDeleted, TaskEdited, TaskReopened, TaskRestored
from domain.tasks.status import Priority, Status
from domain.tasks.task import Task
from tests.scenario import NOON, given
from tests.tasks import people as p

full = Task(id=p.made.id).after(
    TaskCreated(at=NOON, owner_id=p.ANN.id, title="Water", description="the plants", payload={"n": 1}, due_date=p.TEN_PAST)
)


def edit(now=NOON, **fields):
    return lambda task: task.edit(Fields(**fields), now)


def test_what_is_absent_stays_and_both_sides_of_what_changed_are_told():
    event = TaskEdited(at=NOON, before=Fields(title="Water"), after=Fields(title="Dry"))
    after = given(full).when(edit(title=" Dry ")).then(event)
    assert (after.title, after.description, after.payload) == ("Dry", "the plants", {"n": 1})


def test_null_clears_and_an_empty_text_is_a_value():
    cleared = given(full).when(edit(description=None, payload=None, due_date=None)).then_a(TaskEdited)
    assert (cleared.description, cleared.payload, cleared.due_date) == (None, None, None)
    assert given(full).when(edit(description="")).then_a(TaskEdited).description == ""


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"title": "Water "},
        {"payload": {"n": 1}},
        {"priority": Priority.MEDIUM},
        {"due_date": p.TEN_PAST.astimezone(timezone(timedelta(hours=5)))},
    ],
)
def test_the_same_again_is_no_news(fields):
    given(full).when(edit(**fields)).nothing()


@pytest.mark.parametrize("payload", [{"n": 1.0}, {"n": True}, [1]])
def test_a_payload_of_another_type_is_another_payload(payload):
    given(full).when(edit(payload=payload)).then_a(TaskEdited, before=Fields(payload={"n": 1}), after=Fields(payload=payload))


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"title": " "}, "/title", "required"),
        ({"description": "x" * 20_001}, "/description", "too_long"),
        ({"payload": "x" * 65_535}, "/payload", "too_large"),
        ({"due_date": NOON.replace(tzinfo=None)}, "/due_date", "zone_required"),
    ],
)
def test_limits_hold_for_edits_too(fields, pointer, code):
    given(full).when(edit(**fields)).invalid(pointer, code)


@pytest.mark.parametrize("task", [p.started, p.completed, p.failed])
def test_a_nodes_task_is_edited_only_while_it_is_pending(task):
    given(task).when(edit(title="Dry")).refused(TaskNotEditable)
    given(p.leased).when(edit(title="Dry")).then_a(TaskEdited)


def test_peoples_own_tasks_stay_editable():
    done = given(full).when(lambda task: task.change_status(Status.COMPLETED, None, None, NOON)).then_a(TaskCompleted)
    given(done).when(edit(title="Dry")).then_a(TaskEdited)


async def test_owner_and_administrator_edit_the_node_may_not_and_strangers_see_nothing():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, owner_id=p.ANN.id), p.ADMIN)
    command = EditTask(task_id=task.id, changes=Fields(title="Dry"))
    await world.refuses(Forbidden, command, p.NODE)
    await world.refuses(NotFound, command, p.BOB)
    assert (await world.do(command, p.ANN)).title == "Dry"
    await world.do(EditTask(task_id=task.id, changes=Fields(title="Sweep")), p.ADMIN)


async def test_an_edit_of_an_older_version_is_refused_but_strangers_do_not_learn_the_version():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Water"), p.ANN)
    edit_it = EditTask(task_id=task.id, changes=Fields(title="Dry"), if_match=1)
    await world.do(edit_it, p.ANN)
    refused = await world.refuses(PreconditionFailed, edit_it, p.ANN)
    assert refused.facts == {"version": 2}
    await world.refuses(NotFound, edit_it, p.BOB)
    await world.refuses(PreconditionFailed, DeleteTask(task_id=task.id, if_match=1), p.ANN)


async def test_a_deleted_task_is_gone_for_everybody_until_it_is_restored_as_it_was():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Water"), p.ANN)
    await world.do(DeleteTask(task_id=task.id), p.ANN)
    for caller in (p.ANN, p.ADMIN):
        await world.refuses(NotFound, DeleteTask(task_id=task.id), caller)
        await world.refuses(NotFound, EditTask(task_id=task.id, changes=Fields(title="Dry")), caller)
    await world.refuses(NotFound, RestoreTask(task_id=task.id), p.BOB)
    restored = await world.do(RestoreTask(task_id=task.id), p.ANN)
    assert (restored.title, restored.deleted, restored.status) == ("Water", False, Status.PENDING)
    assert [type(event) for event in world.events(task.id)] == [TaskCreated, TaskDeleted, TaskRestored]
    assert (await world.do(RestoreTask(task_id=task.id), p.ADMIN)).version == 3


async def test_a_node_neither_deletes_nor_restores_nor_reopens():
    world = await p.world_with_nodes()
    task = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID), p.ADMIN)
    await world.refuses(Forbidden, DeleteTask(task_id=task.id), p.NODE)
    await world.refuses(Forbidden, ReopenTask(task_id=task.id, reason="no"), p.NODE)
    await world.do(DeleteTask(task_id=task.id), p.ADMIN)
    await world.refuses(InsufficientRole, RestoreTask(task_id=task.id), p.NODE)


def test_completed_work_is_reopened_for_a_reason_and_the_old_token_is_stale():
    event = TaskReopened(at=NOON, reason="It came back", token=p.completed.version + 1, node_id=p.NODE_ID)
    after = given(p.completed).when(lambda task: task.reopen("It came back", NOON)).then(event)
    assert (after.status, after.completed_at, after.lock_expires_at) == (Status.PENDING, None, None)
    given(after).when(lambda task: task.reopen("It came back", NOON)).nothing()
    given(p.completed).when(lambda task: task.reopen("", NOON)).invalid("/reason", "required")


@pytest.mark.parametrize("task", [p.started, p.failed])
def test_only_what_was_completed_is_reopened(task):
    given(task).when(lambda one: one.reopen("why not", NOON)).refused(InvalidTransition, to=Status.PENDING)
