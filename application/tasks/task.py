"""Creating, editing, deleting and restoring tasks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from application.shared.command import Command, handles
from application.shared.permissions import Reach, must
from application.shared.ports import Lost, Ports
from application.shared.preconditions import must_be_version
from application.tasks.access import Access, change_task, must_be_member
from application.tasks.people import People
from application.tasks.worker import Worker
from domain.projects.role import MemberRole
from domain.shared.event import Event
from domain.shared.fields import invalid
from domain.shared.refused import Forbidden
from domain.tasks.account import Account
from domain.tasks.errors import ExternalIdTaken, TaskOfNode
from domain.tasks.events import Fields
from domain.tasks.status import Priority, Status
from domain.tasks.task import Task

EXTERNAL_ID = "task.external_id"


class CreateTask(Command, frozen=True):
    """A new task of the caller (of somebody else: administrators), given to a node at once where one is named, or to people.

    `status`: how far people have come with it already; the events of that step follow in the same append.
    """

    title: str
    description: str | None = None
    payload: Any = None
    priority: Priority = Priority.MEDIUM
    external_id: str | None = None
    assigned_node_id: UUID | None = None
    lock_expires_at: datetime | None = None
    due_date: datetime | None = None
    max_attempts: int = 1
    retry_seconds: int = 60
    owner_id: UUID | None = None
    project_id: UUID | None = None
    tags: tuple[str, ...] = ()
    status: Status = Status.PENDING
    assignee_ids: tuple[UUID, ...] = ()
    watcher_ids: tuple[UUID, ...] = ()


class EditTask(Command, frozen=True):
    """Change some fields of a task, its status, and who is to work on it; what is UNSET stays."""

    task_id: UUID
    changes: Fields = Fields()
    status: Status | UnsetType = UNSET
    assignee_ids: tuple[UUID, ...] | UnsetType = UNSET
    if_match: int | None = None


class TagTask(Command, frozen=True):
    """Add tags to those a task has, or take some away."""

    task_id: UUID
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class DeleteTask(Command, frozen=True):
    """Hide a task from everybody."""

    task_id: UUID
    if_match: int | None = None


class RestoreTask(Command, frozen=True):
    """Bring a deleted task back."""

    task_id: UUID


@handles(CreateTask)
async def create_task(command: CreateTask, ports: Ports) -> Task:
    """Raises `Forbidden`, `NotFound` (of the project), `ProjectArchived`, `Invalid` (`unknown_user`, `unknown_node`, …), `NodeDraining`,
    `TaskOfNode`, and `ExternalIdTaken` with the `task_id` that has it.
    """
    owner_id = await _owner(command, ports)
    if command.project_id is not None:
        await must_be_member(ports, command.project_id, MemberRole.MEMBER)
    task = Task(id=ports.new_id())
    facts = task.create(
        ports.now,
        owner_id=owner_id,
        title=command.title,
        description=command.description,
        payload=command.payload,
        priority=command.priority,
        external_id=command.external_id,
        due_date=command.due_date,
        max_attempts=command.max_attempts,
        retry_seconds=command.retry_seconds,
        tags=command.tags,
        project_id=command.project_id,
    )
    if command.assigned_node_id is not None:
        facts += await _given_to_node(task.after(*facts), command, command.assigned_node_id, ports)
    elif command.lock_expires_at is not None:
        raise invalid("/lock_expires_at", "needs_node", "lock_expires_at locks a task for a node: name it in assigned_node_id.")
    else:
        facts += await _given_to_people(task, facts, command, ports)
    if command.due_date is not None:
        facts += task.after(*facts).become_overdue(ports.now)
    if command.external_id is not None:
        name = f"{owner_id}:{command.external_id}"
        holder = await ports.log.holder(EXTERNAL_ID, name)
        if holder is not None:
            raise ExternalIdTaken(task_id=holder)
        ports.log.claim(EXTERNAL_ID, name, task.id, ExternalIdTaken)
    return ports.log.stage(task, *facts)


async def _given_to_node(task: Task, command: CreateTask, node_id: UUID, ports: Ports) -> list[Event]:
    must(ports.caller, "tasks:assign")
    if command.assignee_ids:
        raise TaskOfNode
    if command.status is not Status.PENDING:
        raise invalid("/status", "not_reportable", "A node's task begins as pending: how far it is only the node says.")
    watchers = await People.load(ports, command.watcher_ids)
    watchers.must_be_there("/watcher_ids")
    (await Worker.load(ports, node_id)).must_take_work("/assigned_node_id")
    return task.in_turn(
        lambda new: new.assign(node_id, command.lock_expires_at, ports.now),
        *[lambda new, user=user: new.add_watcher(user, ports.now) for user in watchers.ids],
    )


async def _given_to_people(task: Task, facts: list[Event], command: CreateTask, ports: Ports) -> list[Event]:
    if command.status is Status.PENDING and not (command.assignee_ids or command.watcher_ids):
        return []
    assignees, watchers = await People.load(ports, command.assignee_ids), await People.load(ports, command.watcher_ids)
    assignees.must_be_there("/assignee_ids")
    watchers.must_be_there("/watcher_ids")
    return task.after(*facts).in_turn(
        lambda new: new.change_status(command.status, None, None, ports.now),
        lambda new: new.set_assignees(assignees.ids, ports.now),
        *[lambda new, user=user: new.add_watcher(user, ports.now) for user in watchers.ids],
    )


@handles(EditTask)
async def edit_task(command: EditTask, ports: Ports) -> Task:
    """Raises `NotFound`, `Forbidden`, `NotAssignedNode`, `Invalid`, `PreconditionFailed`, `TaskNotEditable`, `InvalidTransition`, `TaskOfNode`."""
    to, people = command.status, None if command.assignee_ids is UNSET else await People.load(ports, command.assignee_ids)

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_edit(task)
        if to is not UNSET:
            access.must_work_on(task)
        if people is not None:
            access.must_manage(task)
            people.must_be_there("/assignee_ids", known=task.assignee_ids)
        must_be_version(task.version, command.if_match)
        return task.in_turn(
            lambda one: [] if to is UNSET else one.change_status(to, None, None, ports.now),
            lambda one: one.edit(command.changes, ports.now),
            lambda one: [] if people is None else one.set_assignees(people.ids, ports.now),
        )

    return await change_task(ports, command.task_id, decide)


@handles(TagTask)
async def tag_task(command: TagTask, ports: Ports) -> Task:
    """Raises as `edit_task`."""

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_edit(task)
        return task.tag(command.add, command.remove, ports.now)

    return await change_task(ports, command.task_id, decide)


@handles(DeleteTask)
async def delete_task(command: DeleteTask, ports: Ports) -> Task:
    """Raises `NotFound` (also the second time), `Forbidden`, `PreconditionFailed`."""

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_manage(task)
        must_be_version(task.version, command.if_match)
        if task.external_id is not None:
            ports.log.release(EXTERNAL_ID, external_name(task))
        return task.delete(ports.now)

    return await change_task(ports, command.task_id, decide)


@handles(RestoreTask)
async def restore_task(command: RestoreTask, ports: Ports) -> Task:
    """Raises `NotFound`, `Forbidden`, and `ExternalIdTaken` when another task has its external id meanwhile."""
    found = await ports.log.load(Task, command.task_id)
    name = external_name(found) if found.deleted and found.external_id is not None else None
    holder = None if name is None else await ports.log.holder(EXTERNAL_ID, name)

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_manage(task, "tasks:restore", deleted=True)
        if holder is not None and holder != task.id:
            raise ExternalIdTaken(task_id=holder)
        if name is not None:
            ports.log.claim(EXTERNAL_ID, name, task.id, Lost)
        return task.restore(ports.now)

    return await change_task(ports, command.task_id, decide)


def external_name(task: Task) -> str:
    """The unique name of a task's external id: one of those of whose task it was at first, whoever's it is now."""
    return f"{task.created_for}:{task.external_id}"


async def _owner(command: CreateTask, ports: Ports) -> UUID:
    reached = must(ports.caller, "tasks:create")
    if command.owner_id is None or command.owner_id == ports.caller.id:
        if ports.caller.id is None:
            raise Forbidden
        return ports.caller.id
    if reached is not Reach.ALL:
        raise Forbidden("Only administrators create tasks of others.")
    if not (await ports.log.load(Account, command.owner_id)).can_own:
        raise invalid("/owner_id", "unknown_user", "There is no active account of this id that may own tasks.")
    return command.owner_id
