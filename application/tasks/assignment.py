"""Giving tasks to nodes, and nodes taking them from their queue."""

from datetime import datetime
from uuid import UUID

from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from application.tasks.access import Access, change_task
from application.tasks.worker import Worker
from domain.shared.event import Event
from domain.shared.refused import Forbidden, NotFound
from domain.tasks.errors import NodeAtCapacity, NodeDraining
from domain.tasks.node import Node, node_stream
from domain.tasks.task import Task


class AssignTask(Command, frozen=True):
    """Give a task to a node; `force` takes it away from one that has begun."""

    task_id: UUID
    node_id: UUID
    lock_expires_at: datetime | None = None
    force: bool = False


class ClaimTask(Command, frozen=True):
    """Take one task from the caller's own queue and begin. `running`: how many it works on already, where that is known."""

    task_id: UUID
    lease_seconds: int
    running: int | None = None


@handles(AssignTask)
async def assign_task(command: AssignTask, ports: Ports) -> Task:
    """Raises `Forbidden` (also for managers who only see it or work on it), `NotFound`, `ProjectArchived`, `Invalid` (`unknown_node`,
    `must_be_future`, `required`), `InvalidTransition`, `NodeDraining`, `TaskOfPersons`.
    """
    must(ports.caller, "tasks:assign")
    worker = await Worker.load(ports, command.node_id)

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_manage(task, "tasks:assign")
        worker.must_take_work("/node_id")
        return task.assign(command.node_id, command.lock_expires_at, ports.now, force=command.force)

    return await change_task(ports, command.task_id, decide)


@handles(ClaimTask)
async def claim_task(command: ClaimTask, ports: Ports) -> Task:
    """Raises `InsufficientRole`, `NotFound`, `Invalid`, `NotClaimable` (others were faster), `TaskExpired`, `NodeDraining`, `NodeAtCapacity`."""
    must(ports.caller, "tasks:claim")
    node_id = ports.caller.id
    if node_id is None:
        raise Forbidden
    node = await ports.log.load(Node, node_stream(node_id))

    def decide(task: Task) -> list[Event]:
        if task.deleted or task.assigned_node_id != node_id:
            raise NotFound
        if node.draining:
            raise NodeDraining
        if node.capacity is not None and command.running is not None and command.running >= node.capacity:
            raise NodeAtCapacity(capacity=node.capacity)
        return task.claim(command.lease_seconds, ports.now)

    return await ports.log.change(Task, command.task_id, decide)
