"""What nodes and their administrators say about a node's own work."""

from collections.abc import Callable
from uuid import UUID

from application.shared.command import Command, handles
from application.shared.permissions import Reach, must
from application.shared.ports import Ports
from domain.shared.event import Event
from domain.shared.refused import Forbidden, Hidden, NotFound
from domain.tasks.account import Account
from domain.tasks.node import Node, node_stream


class SeeNode(Command, frozen=True):
    """The calling node gave a sign of life; recorded at most every 30 s."""


class DrainNode(Command, frozen=True):
    """Give a node nothing new; it may finish what it has begun."""

    node_id: UUID


class ResumeNode(Command, frozen=True):
    """Let a drained node work again."""

    node_id: UUID


class SetNodeCapacity(Command, frozen=True):
    """Say how many tasks a node works on at once; None: as many as it claims."""

    node_id: UUID
    capacity: int | None = None


@handles(SeeNode)
async def see_node(_: SeeNode, ports: Ports) -> Node:
    """Raises `InsufficientRole` for callers that are no nodes."""
    must(ports.caller, "nodes:report")
    node_id = ports.caller.id
    if node_id is None:
        raise Forbidden
    return await _change(ports, node_id, lambda node: node.see(node_id, ports.now))


@handles(DrainNode)
async def drain_node(command: DrainNode, ports: Ports) -> Node:
    """Raises `InsufficientRole`, `NotFound` (only administrators and the node itself)."""
    await _must_run(ports, command.node_id)
    return await _change(ports, command.node_id, lambda node: node.drain(command.node_id, ports.now))


@handles(ResumeNode)
async def resume_node(command: ResumeNode, ports: Ports) -> Node:
    """Raises `InsufficientRole`, `NotFound` (only administrators and the node itself)."""
    await _must_run(ports, command.node_id)
    return await _change(ports, command.node_id, lambda node: node.resume(command.node_id, ports.now))


@handles(SetNodeCapacity)
async def set_node_capacity(command: SetNodeCapacity, ports: Ports) -> Node:
    """Raises `InsufficientRole`, `NotFound` (only administrators and the node itself), `Invalid`."""
    await _must_run(ports, command.node_id)
    return await _change(ports, command.node_id, lambda node: node.set_capacity(command.node_id, command.capacity, ports.now))


async def _must_run(ports: Ports, node_id: UUID) -> None:
    if must(ports.caller, "nodes:manage") is Reach.ALL:
        if not (await ports.log.load(Account, node_id)).is_node:
            raise NotFound
    elif ports.caller.id != node_id:
        raise Hidden


async def _change(ports: Ports, node_id: UUID, decide: Callable[[Node], list[Event]]) -> Node:
    """A node's own stream begins with whatever is said about it first."""
    node = await ports.log.load(Node, node_stream(node_id))
    return ports.log.stage(node, *decide(node)).but(node_id=node_id)
