"""Which event may follow which status: the rules of the requirements, written down a second time on purpose."""

from collections.abc import Iterable
from typing import Any

from domain.shared.event import Event
from domain.tasks import events as e

STEPS: dict[type[Event], tuple[set[str], str]] = {
    e.TaskAssigned: ({"pending", "in_progress", "failed"}, "pending"),
    e.TaskClaimed: ({"pending"}, "in_progress"),
    e.TaskStarted: ({"pending"}, "in_progress"),
    e.TaskCompleted: ({"in_progress"}, "completed"),
    e.TaskFailed: ({"pending", "in_progress"}, "failed"),
    e.TaskRetried: ({"failed"}, "pending"),
    e.TaskReopened: ({"completed"}, "pending"),
}
"""From which statuses each event may come, and where it leads. Without a node, pending may become completed too."""


def only_allowed_steps(stream: Iterable[Any]) -> None:
    """Fails on the first forbidden step of a stream, and where an event misreports what was before it."""
    status, node = "pending", None
    for event in stream:
        if type(event) in STEPS:
            allowed, after = STEPS[type(event)]
            own = {"pending"} if isinstance(event, e.TaskCompleted) and node is None else set()
            assert status in allowed | own, f"{type(event).__name__} from {status}"
            assert getattr(event, "from_status", status) == status, f"{event} from {status}"
            status = after
        if isinstance(event, e.TaskAssigned):
            assert event.previous_node_id == node
            node = event.node_id
