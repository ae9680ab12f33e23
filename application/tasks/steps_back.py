"""The steps back, each by its own name: reopen, send back, retry. Whoever works on a task only goes forward."""

from uuid import UUID

from application.shared.command import Command, handles
from application.shared.permissions import Reach, reach
from application.shared.ports import Ports
from application.tasks.access import Access, change_task
from domain.shared.event import Event
from domain.shared.refused import Forbidden
from domain.tasks.task import Task


class ReopenTask(Command, frozen=True):
    """Take back that a task is completed or cancelled."""

    task_id: UUID
    reason: str


class SendBackTask(Command, frozen=True):
    """Say, having looked at it, that more is to be done."""

    task_id: UUID
    reason: str


class RetryTask(Command, frozen=True):
    """Let the same worker try a failed task again now."""

    task_id: UUID


@handles(ReopenTask)
async def reopen_task(command: ReopenTask, ports: Ports) -> Task:
    """Raises `NotFound`, `Forbidden`, `ProjectArchived`, `Invalid`, `InvalidTransition`."""

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_manage(task)
        return task.reopen(command.reason, ports.now)

    return await change_task(ports, command.task_id, decide)


@handles(SendBackTask)
async def send_back_task(command: SendBackTask, ports: Ports) -> Task:
    """Raises `NotFound`, `Forbidden` (who worked on it does not judge it), `ProjectArchived`, `Invalid`, `InvalidTransition`."""

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_manage(task)
        return task.send_back(command.reason, ports.now)

    return await change_task(ports, command.task_id, decide)


@handles(RetryTask)
async def retry_task(command: RetryTask, ports: Ports) -> Task:
    """Raises `NotFound`, `Forbidden` (a node's task is retried by who may assign it), `ProjectArchived`, `InvalidTransition`."""

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_manage(task)
        if task.assigned_node_id is not None and reach(ports.caller, "tasks:assign") is Reach.NONE:
            raise Forbidden
        return task.retry(ports.now)

    return await change_task(ports, command.task_id, decide)
