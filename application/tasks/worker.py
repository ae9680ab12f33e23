"""The node a task is to be given to: its account and what it said about its own work."""

from typing import Self
from uuid import UUID

import msgspec

from application.shared.ports import Ports
from domain.shared.fields import invalid
from domain.tasks.account import Account
from domain.tasks.errors import NodeDraining
from domain.tasks.node import Node, node_stream


class Worker(msgspec.Struct, frozen=True):
    """A node's two streams, as they are now."""

    account: Account
    node: Node

    @classmethod
    async def load(cls, ports: Ports, node_id: UUID) -> Self:
        """Both streams; either may not have begun."""
        return cls(await ports.log.load(Account, node_id), await ports.log.load(Node, node_stream(node_id)))

    def must_take_work(self, pointer: str) -> None:
        """Raises `Invalid` (`unknown_node`) naming the field that named it, and `NodeDraining`."""
        if not self.account.can_work:
            raise invalid(pointer, "unknown_node", "There is no active worker node with this id.")
        if self.node.draining:
            raise NodeDraining
