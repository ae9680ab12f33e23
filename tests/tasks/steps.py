"""Which event may follow which status: the rules of the requirements, written down a second time on purpose."""

from collections.abc import Iterable
from typing import Any

from domain.shared.event import Event
from domain.tasks import events as e

STEPS: dict[type[Event], tuple[set[str], str]] = {
    e.TaskAssigned: ({"pending", "in_progress", "failed"}, "pending"),
    e.TaskClaimed: ({"pending"}, "in_progress"),
    e.TaskStarted: ({"pending"}, "in_progress"),
    e.TaskSubmitted: (set(), "in_review"),
    e.TaskCompleted: ({"in_progress"}, "completed"),
    e.TaskFailed: ({"pending", "in_progress"}, "failed"),
    e.TaskCancelled: (set(), "cancelled"),
    e.TaskSentBack: ({"in_review"}, "in_progress"),
    e.TaskRetried: ({"failed"}, "pending"),
    e.TaskReopened: ({"completed", "cancelled"}, "pending"),
}
"""From which statuses each event may come, and where it leads."""
OF_PEOPLE: dict[type[Event], set[str]] = {
    e.TaskSubmitted: {"pending", "in_progress"},
    e.TaskCompleted: {"pending", "in_review"},
    e.TaskFailed: {"in_review"},
    e.TaskCancelled: {"pending", "in_progress", "in_review"},
}
"""From where else, while no node works on it."""


def only_allowed_steps(stream: Iterable[Any]) -> None:
    """Fails on the first forbidden step of a stream, and where an event misreports what was before it."""
    status, node, people = "pending", None, 0
    for event in stream:
        people += isinstance(event, e.TaskAssigneeAdded) - isinstance(event, e.TaskAssigneeRemoved)
        assert node is None or people == 0, event
        if type(event) in STEPS:
            allowed, after = STEPS[type(event)]
            own = OF_PEOPLE.get(type(event), set()) if node is None else set()
            assert status in allowed | own, f"{type(event).__name__} from {status}"
            assert getattr(event, "from_status", status) == status, f"{event} from {status}"
            status = after
        if isinstance(event, e.TaskAssigned):
            assert event.previous_node_id == node
            node = event.node_id
