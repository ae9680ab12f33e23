"""What a worker node says about its own work: that it is there, that it drains, how much it does at once."""

from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID, uuid5

from domain.shared.aggregate import Aggregate
from domain.shared.event import Event
from domain.tasks import limits
from domain.tasks.events import NodeCapacitySet, NodeDrained, NodeResumed, NodeSeen

SEEN_EVERY: Final = timedelta(seconds=30)
"""Signs of life in between are not recorded."""
CAPACITY: Final = 10_000


class Node(Aggregate, frozen=True, kw_only=True):
    """What a node's own stream says: when it was last heard of, whether it drains, how much it does at once."""

    node_id: UUID | None = None
    last_seen_at: datetime | None = None
    draining: bool = False
    capacity: int | None = None

    def see(self, node_id: UUID, now: datetime) -> list[Event]:
        """The node gave a sign of life."""
        if self.last_seen_at is not None and now - self.last_seen_at < SEEN_EVERY:
            return []
        return [NodeSeen(at=now, node_id=node_id)]

    def drain(self, node_id: UUID, now: datetime) -> list[Event]:
        """Give it nothing new."""
        return [] if self.draining else [NodeDrained(at=now, node_id=node_id)]

    def resume(self, node_id: UUID, now: datetime) -> list[Event]:
        """Let it work again."""
        return [NodeResumed(at=now, node_id=node_id)] if self.draining else []

    def set_capacity(self, node_id: UUID, capacity: int | None, now: datetime) -> list[Event]:
        """Say how many tasks it works on at once (None: as many as it claims)."""
        limits.refuse([] if capacity is None else limits.number("/capacity", capacity, 1, CAPACITY))
        return [] if capacity == self.capacity else [NodeCapacitySet(at=now, node_id=node_id, capacity=capacity)]

    def evolve(self, event: Event) -> Self:
        """The state after one more event."""
        match event:
            case NodeDrained() | NodeResumed():
                return self.but(node_id=event.node_id, draining=isinstance(event, NodeDrained))
            case NodeCapacitySet(capacity=capacity):
                return self.but(node_id=event.node_id, capacity=capacity)
            case NodeSeen(at=at):
                return self.but(node_id=event.node_id, last_seen_at=at)
        return self


def node_stream(node_id: UUID) -> UUID:
    """The stream of a node's own facts, beside the stream of its account."""
    return uuid5(node_id, "tasks.node")
