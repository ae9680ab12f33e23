"""What happens to the node that works on tasks."""

from datetime import datetime
from uuid import UUID

from domain.shared.event import Event, recorded_as


class NodeEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a node. Its stream is derived from the node's user id, which `node_id` is."""

    at: datetime
    node_id: UUID


@recorded_as("node.seen")
class NodeSeen(NodeEvent, frozen=True, kw_only=True):
    """A node gave a sign of life; at most one in 30 s is recorded."""


@recorded_as("node.draining")
class NodeDrained(NodeEvent, frozen=True, kw_only=True):
    """A node was told to finish what it has begun; it gets nothing new."""


@recorded_as("node.resumed")
class NodeResumed(NodeEvent, frozen=True, kw_only=True):
    """A node takes work again."""


@recorded_as("node.capacity_set")
class NodeCapacitySet(NodeEvent, frozen=True, kw_only=True):
    """How many tasks a node works on at once; None: as many as it claims."""

    capacity: int | None = None
