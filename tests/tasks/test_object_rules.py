"""Who may do what with a task: one line for each command, by what somebody is to the task (requirements, Appendix 2)."""

from typing import Any

import pytest

from application.shared.context import Caller
from application.tasks.people import AddAssignee, AddWatcher, MoveTask, RemoveAssignee
from application.tasks.progress import ChangeTaskStatus, NoteProgress
from application.tasks.steps_back import ReopenTask, RetryTask, SendBackTask
from application.tasks.task import CreateTask, DeleteTask, EditTask, RestoreTask, TagTask
from domain.projects.events import ProjectMemberAdded
from domain.projects.role import MemberRole
from domain.shared.conflicts import ProjectArchived
from domain.shared.refused import Forbidden, Invalid, NotFound
from domain.tasks.events import Fields, TaskCreated
from domain.tasks.status import Status
from domain.tasks.task import Task
from tests.scenario import NOON, World, together
from tests.tasks import people as p

EVE, FAY, GIL = (Caller(p.UUID(int=number), "user") for number in (0xE0, 0xF0, 0x60))
WHO = {
    "owner": EVE, "assignee": FAY, "watcher": GIL, "project owner": p.ANN, "manager": p.BOB, "member": p.CAT, "viewer": p.DAN,
    "administrator": p.ADMIN, "auditor": Caller(p.UUID(int=0xAA), "auditor"), "stranger": Caller(p.UUID(int=0x57), "user"),
}  # fmt: skip
"""Everybody, in the order of the table's columns."""
TABLE = """
             owner  assignee  watcher  project-owner  manager  member  viewer  administrator  auditor  stranger
work         yes    yes       no       yes            yes      yes     no      yes            no       404
note         yes    yes       yes      yes            yes      yes     yes     yes            no       404
edit         yes    yes       no       yes            yes      yes     no      yes            no       404
status       yes    yes       no       yes            yes      yes     no      yes            no       404
tag          yes    yes       no       yes            yes      yes     no      yes            no       404
people       yes    no        no       yes            yes      no      no      yes            no       404
assign       yes    no        no       yes            yes      no      no      yes            no       404
unassign     yes    no        no       yes            yes      no      no      yes            no       404
watch        yes    yes       yes      yes            yes      yes     yes     yes            no       404
let-watch    yes    no        no       yes            yes      no      no      yes            no       404
move         yes    no        no       yes            yes      no      no      yes            no       404
send-back    yes    no        no       yes            yes      no      no      yes            no       404
reopen       yes    no        no       yes            yes      no      no      yes            no       404
retry        yes    no        no       yes            yes      no      no      yes            no       404
delete       yes    no        no       yes            yes      no      no      yes            no       404
restore      yes    404       404      yes            yes      404     404     yes            no       404
"""


def wish(name: str, task_id: Any, who: Caller) -> Any:
    """The command of a line."""
    wishes = {
        "work": lambda: ChangeTaskStatus(task_id=task_id, status=Status.IN_PROGRESS),
        "note": lambda: NoteProgress(task_id=task_id, note="Waiting"),
        "edit": lambda: EditTask(task_id=task_id, changes=Fields(title="Dry")),
        "status": lambda: EditTask(task_id=task_id, status=Status.IN_PROGRESS),
        "tag": lambda: TagTask(task_id=task_id, add=("wet",)),
        "people": lambda: EditTask(task_id=task_id, assignee_ids=()),
        "assign": lambda: AddAssignee(task_id=task_id, user_id=p.CAT.id),
        "unassign": lambda: RemoveAssignee(task_id=task_id, user_id=p.UUID(int=404)),
        "watch": lambda: AddWatcher(task_id=task_id, user_id=who.id),
        "let-watch": lambda: AddWatcher(task_id=task_id, user_id=EVE.id if who is not EVE else FAY.id),
        "move": lambda: MoveTask(task_id=task_id, project_id=None),
        "send-back": lambda: SendBackTask(task_id=task_id, reason="Look again"),
        "reopen": lambda: ReopenTask(task_id=task_id, reason="It came back"),
        "retry": lambda: RetryTask(task_id=task_id),
        "delete": lambda: DeleteTask(task_id=task_id),
        "restore": lambda: RestoreTask(task_id=task_id),
    }
    return wishes[name]()


BEFORE = {"send-back": [Status.IN_REVIEW], "reopen": [Status.COMPLETED], "retry": [Status.FAILED]}


async def a_task(name: str = "", project: bool = True) -> tuple[World, Any]:  # noqa: FBT001, FBT002 — a small world.
    """Eve's task in Ann's garden, with an assignee and a watcher, as far as the command needs it."""
    world = await p.with_projects(await p.world_with_nodes())
    for who in (EVE, FAY, GIL, WHO["auditor"], WHO["stranger"]):
        await p.account(world, who)
    made = CreateTask(title="Water", owner_id=EVE.id, assignee_ids=(FAY.id,), watcher_ids=(GIL.id,), project_id=p.GARDEN if project else None)
    task_id = (await world.do(made, p.ADMIN)).id
    for status in BEFORE.get(name, []):
        await world.do(ChangeTaskStatus(task_id=task_id, status=status), p.ADMIN)
    if name == "restore":
        await world.do(DeleteTask(task_id=task_id), p.ADMIN)
    return world, task_id


LINES = [line.split() for line in TABLE.splitlines()[2:]]


@pytest.mark.parametrize(("name", "cells"), [(line[0], line[1:]) for line in LINES], ids=[line[0] for line in LINES])
async def test_each_may_what_the_table_says(name, cells):
    for (column, who), cell in zip(WHO.items(), cells, strict=True):
        world, task_id = await a_task(name)
        (told,) = await together(lambda world=world, task_id=task_id, who=who: world.do(wish(name, task_id, who), who))
        assert isinstance(told, {"yes": Task, "no": Forbidden, "404": NotFound}[cell]), f"{column}: {told!r}"


@pytest.mark.parametrize("name", [line[0] for line in LINES])
async def test_nothing_changes_in_an_archived_project_not_even_for_administrators(name):
    world, task_id = await a_task(name)
    await p.archived(world, p.GARDEN)
    for who in (EVE, p.ANN, p.ADMIN):
        await world.refuses(ProjectArchived, wish(name, task_id, who), who)


@pytest.mark.parametrize("name", [line[0] for line in LINES])
async def test_outside_a_project_its_members_are_strangers(name):
    world, task_id = await a_task(name, project=False)
    for who in (p.ANN, p.BOB, p.CAT):
        await world.refuses(NotFound, wish(name, task_id, who), who)


async def test_tasks_of_a_project_are_made_by_its_members_and_by_no_mere_viewer():
    world, _ = await a_task()
    for who in (p.ANN, p.BOB, p.CAT, p.ADMIN):
        assert (await world.do(CreateTask(title="Water", project_id=p.GARDEN), who)).project_id == p.GARDEN
    await world.refuses(Forbidden, CreateTask(title="Water", project_id=p.GARDEN), p.DAN)
    await world.refuses(NotFound, CreateTask(title="Water", project_id=p.GARDEN), WHO["stranger"])


async def test_a_node_sees_and_touches_what_is_assigned_to_it_and_nothing_else_whatever_it_owns_or_belongs_to():
    world = await p.with_projects(await p.world_with_nodes())
    await world.happened(p.GARDEN, ProjectMemberAdded(at=NOON, project_id=p.GARDEN, user_id=p.NODE_ID, role=MemberRole.MEMBER))
    in_garden = await world.do(CreateTask(title="Weed", project_id=p.GARDEN), p.ANN)
    its_own = p.UUID(int=0x0DE5)
    await world.happened(its_own, TaskCreated(at=NOON, owner_id=p.NODE_ID, title="Sweep"))
    for task_id in (in_garden.id, its_own):
        await world.refuses(NotFound, ChangeTaskStatus(task_id=task_id, status=Status.IN_PROGRESS), p.NODE)
        await world.refuses(NotFound, NoteProgress(task_id=task_id, note="Mine?"), p.NODE)
    both = Caller(p.NODE_ID, "user", roles=frozenset({"user", "node"}))
    await world.do(NoteProgress(task_id=its_own, note="Mine."), both)
    refused = await world.refuses(Invalid, CreateTask(title="Sweep", owner_id=p.NODE_ID), p.ADMIN)
    assert refused.facts["errors"][0]["code"] == "unknown_user"
