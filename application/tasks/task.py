"""Creating, editing, deleting, restoring and reopening tasks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from application.shared.command import Command, handles
from application.shared.permissions import Reach, must
from application.shared.ports import Ports
from application.tasks.access import Access, change_task, must_be_member, must_be_version
from application.tasks.worker import Worker
from domain.projects.role import MemberRole
from domain.shared.event import Event
from domain.shared.fields import invalid
from domain.shared.refused import Forbidden
from domain.tasks.errors import ExternalIdTaken
from domain.tasks.events import Fields
from domain.tasks.node import WorkerNode
from domain.tasks.status import Priority
from domain.tasks.task import Task

EXTERNAL_ID = "task.external_id"


class CreateTask(Command, frozen=True):
    """A new task of the caller (of somebody else: administrators), given to a node at once where one is named."""

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


class EditTask(Command, frozen=True):
    """Change some fields of a task."""

    task_id: UUID
    changes: Fields
    if_match: int | None = None


class DeleteTask(Command, frozen=True):
    """Hide a task from everybody."""

    task_id: UUID
    if_match: int | None = None


class RestoreTask(Command, frozen=True):
    """Bring a deleted task back."""

    task_id: UUID


class ReopenTask(Command, frozen=True):
    """Take back that a task is completed."""

    task_id: UUID
    reason: str


@handles(CreateTask)
async def create_task(command: CreateTask, ports: Ports) -> Task:
    """Raises `Forbidden`, `Invalid`, `NodeDraining`, `ExternalIdTaken` (with the `task_id` that has it)."""
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
        must(ports.caller, "tasks:assign")
        (await Worker.load(ports, command.assigned_node_id)).must_take_work("/assigned_node_id")
        facts += task.after(*facts).assign(command.assigned_node_id, command.lock_expires_at, ports.now)
    elif command.lock_expires_at is not None:
        raise invalid("/lock_expires_at", "needs_node", "lock_expires_at locks a task for a node: name it in assigned_node_id.")
    if command.external_id is not None:
        name = f"{owner_id}:{command.external_id}"
        holder = await ports.log.holder(EXTERNAL_ID, name)
        if holder is not None:
            raise ExternalIdTaken(task_id=holder)
        ports.log.claim(EXTERNAL_ID, name, task.id, ExternalIdTaken)
    return ports.log.begin(task, *facts)


@handles(EditTask)
async def edit_task(command: EditTask, ports: Ports) -> Task:
    """Raises `NotFound`, `Forbidden`, `Invalid`, `PreconditionFailed`, `TaskNotEditable`."""

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_edit(task)
        must_be_version(task, command.if_match)
        return task.edit(command.changes, ports.now)

    return await change_task(ports, command.task_id, decide)


@handles(DeleteTask)
async def delete_task(command: DeleteTask, ports: Ports) -> Task:
    """Raises `NotFound` (also the second time), `Forbidden`, `PreconditionFailed`."""

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_manage(task)
        must_be_version(task, command.if_match)
        if task.external_id is not None:
            ports.log.release(EXTERNAL_ID, f"{task.owner_id}:{task.external_id}")
        return task.delete(ports.now)

    return await change_task(ports, command.task_id, decide)


@handles(RestoreTask)
async def restore_task(command: RestoreTask, ports: Ports) -> Task:
    """Raises `NotFound`, `Forbidden`, and `ExternalIdTaken` when another task has its external id meanwhile."""

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_manage(task, "tasks:restore", deleted=True)
        if task.deleted and task.external_id is not None:
            ports.log.claim(EXTERNAL_ID, f"{task.owner_id}:{task.external_id}", task.id, ExternalIdTaken)
        return task.restore(ports.now)

    return await change_task(ports, command.task_id, decide)


@handles(ReopenTask)
async def reopen_task(command: ReopenTask, ports: Ports) -> Task:
    """Raises `NotFound`, `Forbidden`, `Invalid`, `InvalidTransition`."""

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_manage(task)
        return task.reopen(command.reason, ports.now)

    return await change_task(ports, command.task_id, decide)


async def _owner(command: CreateTask, ports: Ports) -> UUID:
    reached = must(ports.caller, "tasks:create")
    if command.owner_id is None or command.owner_id == ports.caller.id:
        if ports.caller.id is None:
            raise Forbidden
        return ports.caller.id
    if reached is not Reach.ALL:
        raise Forbidden("Only administrators create tasks of others.")
    if not (await ports.log.load(WorkerNode, command.owner_id)).exists:
        raise invalid("/owner_id", "unknown_user", "There is no such user.")
    return command.owner_id
