"""Assignees, watchers and projects: named one by one or all at once, real people only, and never beside a node."""

from uuid import UUID

import pytest

from application.tasks.assignment import AssignTask
from application.tasks.people import AddAssignee, AddWatcher, MoveTask, RemoveAssignee, RemoveWatcher
from application.tasks.task import CreateTask, EditTask
from domain.identity.events import RoleRevoked, UserDisabled, UserErased
from domain.identity.role import Role
from domain.shared.conflicts import ProjectArchived
from domain.shared.refused import Forbidden, Hidden, Invalid, NotFound, PreconditionFailed
from domain.tasks import events as e
from domain.tasks.errors import TaskOfNode, TaskOfPersons, TooManyPeople
from domain.tasks.people import ASSIGNEES, WATCHERS
from tests.scenario import NOON, World, given
from tests.tasks import people as p

ANN, BOB, CAT = p.ANN.id, p.BOB.id, p.CAT.id
with_bob = p.own.after(e.TaskAssigneeAdded(at=NOON, user_id=BOB))


async def world_with(**fields) -> tuple[World, UUID]:
    world = await p.with_projects(await p.world_with_nodes())
    return world, (await world.do(CreateTask(title="Water", **fields), p.ANN)).id


def test_who_is_named_twice_is_there_once_and_who_leaves_makes_room():
    after = given(p.own).when(lambda task: task.add_assignee(BOB, NOON)).then(e.TaskAssigneeAdded(at=NOON, user_id=BOB))
    given(after).when(lambda task: task.add_assignee(BOB, NOON)).nothing()
    given(p.own).when(lambda task: task.remove_assignee(BOB, NOON)).nothing()
    after = given(after).when(lambda task: task.set_assignees((CAT, BOB, CAT), NOON)).then(e.TaskAssigneeAdded(at=NOON, user_id=CAT))
    assert after.assignee_ids == (BOB, CAT)
    gone = [e.TaskAssigneeRemoved(at=NOON, user_id=BOB), e.TaskAssigneeAdded(at=NOON, user_id=ANN)]
    assert given(after).when(lambda task: task.set_assignees((CAT, ANN), NOON)).then(*gone).assignee_ids == (CAT, ANN)


def test_there_is_room_for_ten_assignees_who_may_all_change_at_once_and_for_a_hundred_watchers():
    ids = [UUID(int=nth) for nth in range(1, WATCHERS + 2)]
    full = p.own.after(*p.own.set_assignees(ids[:ASSIGNEES], NOON))
    given(full).when(lambda task: task.add_assignee(ids[ASSIGNEES], NOON)).refused(TooManyPeople, most=ASSIGNEES)
    assert len(full.set_assignees(ids[-ASSIGNEES:], NOON)) == 2 * ASSIGNEES
    watched = p.own.after(*p.own.in_turn(*[lambda task, one=one: task.add_watcher(one, NOON) for one in ids[:WATCHERS]]))
    given(watched).when(lambda task: task.add_watcher(ids[WATCHERS], NOON)).refused(TooManyPeople, most=WATCHERS)


async def test_people_are_named_with_the_task_in_one_append():
    world, task_id = await world_with(assignee_ids=(BOB, BOB, CAT), watcher_ids=(ANN,), project_id=p.GARDEN)
    added = [e.TaskAssigneeAdded(at=NOON, user_id=one, project_id=p.GARDEN) for one in (BOB, CAT)]
    assert world.events(task_id)[1:] == [*added, e.TaskWatcherAdded(at=NOON, user_id=ANN, project_id=p.GARDEN)]
    assert len(set(world.log.metadata[-4:])) == 1


@pytest.mark.parametrize("event", [UserDisabled(user_id=BOB), UserErased(user_id=BOB, erased_at=NOON)], ids=["disabled", "erased"])
async def test_only_active_people_are_named_and_the_pointer_says_who_is_not(event):
    world, task_id = await world_with()
    await world.happened(BOB, event)
    for stranger in (BOB, UUID(int=404), p.NODE_ID):
        wishes = {
            "/assignee_ids/1": EditTask(task_id=task_id, assignee_ids=(CAT, stranger)),
            "/watcher_ids/0": CreateTask(title="Water", watcher_ids=(stranger,)),
            "/user_id": AddWatcher(task_id=task_id, user_id=stranger),
        }
        for pointer, wish in wishes.items():
            refused = await world.refuses(Invalid, wish, p.ANN)
            assert [(error["pointer"], error["code"]) for error in refused.facts["errors"]] == [(pointer, "unknown_user")]


async def test_somebody_who_was_named_before_they_left_does_not_hinder_naming_others():
    world, task_id = await world_with(assignee_ids=(BOB,))
    await world.happened(BOB, UserDisabled(user_id=BOB))
    assert (await world.do(EditTask(task_id=task_id, assignee_ids=(BOB, CAT)), p.ANN)).assignee_ids == (BOB, CAT)


async def test_who_is_a_node_and_a_person_may_be_named_and_a_node_alone_never():
    world, task_id = await world_with()
    await world.happened(BOB, RoleRevoked(user_id=BOB, role=Role.USER))
    await world.do(AddAssignee(task_id=task_id, user_id=BOB), p.ANN)
    await world.refuses(Invalid, AddAssignee(task_id=task_id, user_id=p.NODE_ID), p.ANN)


async def test_a_task_is_a_nodes_or_peoples_and_never_both():
    world, task_id = await world_with(assignee_ids=(BOB,))
    await world.refuses(TaskOfPersons, AssignTask(task_id=task_id, node_id=p.NODE_ID), p.ADMIN)
    await world.refuses(TaskOfNode, CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, assignee_ids=(BOB,)), p.ADMIN)
    nodes = await world.do(CreateTask(title="Sweep", assigned_node_id=p.NODE_ID, watcher_ids=(BOB,)), p.ADMIN)
    assert nodes.watcher_ids == (BOB,)
    await world.refuses(TaskOfNode, AddAssignee(task_id=nodes.id, user_id=BOB), p.ADMIN)
    await world.refuses(TaskOfNode, EditTask(task_id=nodes.id, assignee_ids=(BOB,)), p.ADMIN)


async def test_one_follows_what_one_sees_and_steps_back_from_what_one_was_given():
    world, task_id = await world_with(assignee_ids=(BOB,), project_id=p.GARDEN)
    await world.do(AddWatcher(task_id=task_id, user_id=p.DAN.id), p.DAN)
    await world.refuses(Forbidden, AddWatcher(task_id=task_id, user_id=CAT), p.DAN)
    await world.do(RemoveWatcher(task_id=task_id, user_id=p.DAN.id), p.DAN)
    await world.do(RemoveAssignee(task_id=task_id, user_id=BOB), p.BOB)
    own = await world.do(CreateTask(title="Diary"), p.ANN)
    await world.refuses(NotFound, AddWatcher(task_id=own.id, user_id=BOB), p.BOB)


async def test_who_left_is_removed_only_by_who_saw_them_there():
    world, task_id = await world_with(assignee_ids=(BOB,), watcher_ids=(CAT,))
    await world.refuses(PreconditionFailed, RemoveAssignee(task_id=task_id, user_id=BOB, if_match=2), p.ANN)
    await world.do(RemoveAssignee(task_id=task_id, user_id=BOB, if_match=3), p.ANN)
    await world.refuses(PreconditionFailed, RemoveWatcher(task_id=task_id, user_id=CAT, if_match=3), p.ANN)


async def test_moving_is_one_event_and_takes_a_say_in_both_projects():
    world, task_id = await world_with(project_id=p.GARDEN)
    await world.refuses(Forbidden, MoveTask(task_id=task_id, project_id=p.CELLAR), p.CAT)
    await world.refuses(Hidden, MoveTask(task_id=(await world.do(CreateTask(title="Own"), p.CAT)).id, project_id=p.CELLAR), p.CAT)
    await world.refuses(NotFound, MoveTask(task_id=task_id, project_id=UUID(int=404)), p.ANN)
    await world.refuses(NotFound, MoveTask(task_id=task_id, project_id=p.TEAM), p.ADMIN)
    moved = await world.do(MoveTask(task_id=task_id, project_id=p.CELLAR), p.ANN)
    assert world.events(task_id)[1:] == [e.TaskMoved(at=NOON, project_id=p.CELLAR, from_project_id=p.GARDEN)]
    assert (await world.do(MoveTask(task_id=task_id, project_id=p.CELLAR), p.ANN)).version == moved.version
    await world.refuses(NotFound, EditTask(task_id=task_id, changes=e.Fields(title="Dry")), p.CAT)
    assert (await world.do(MoveTask(task_id=task_id, project_id=None), p.ANN)).project_id is None


async def test_nothing_moves_into_or_out_of_an_archived_project():
    world, task_id = await world_with(project_id=p.GARDEN)
    await p.archived(world, p.CELLAR)
    await world.refuses(ProjectArchived, MoveTask(task_id=task_id, project_id=p.CELLAR), p.ANN)
    await p.archived(world, p.GARDEN)
    await world.refuses(ProjectArchived, MoveTask(task_id=task_id, project_id=None), p.ANN)
    await world.refuses(ProjectArchived, CreateTask(title="Water", project_id=p.GARDEN), p.ANN)
