"""How many tasks there are of each kind: in all, per owner and per node. Sums over small rows, never counted up or down."""

from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from domain.shared.event import Recorded
from domain.tasks import events as e
from domain.tasks.status import Priority
from projections.shared.read_model import Groups, ReadModel, Row, read_model

ALL: Final = "all"
STATUS: Final[dict[type[e.TaskEvent], str]] = {
    e.TaskClaimed: "in_progress",
    e.TaskStarted: "in_progress",
    e.TaskCompleted: "completed",
    e.TaskFailed: "failed",
    e.TaskRetried: "pending",
    e.TaskReopened: "pending",
    e.TaskSubmitted: "in_review",
    e.TaskSentBack: "in_progress",
    e.TaskCancelled: "cancelled",
}


class CountedTask(Row, frozen=True, gc=False):
    """What is counted of a task."""

    task_id: UUID
    version: int
    owner_id: UUID
    status: str = "pending"
    node_id: UUID | None = None
    urgent: bool = False
    """Priority high or urgent."""
    dead: bool = False
    """Failed, and no attempt is left."""
    deleted: bool = False


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The task itself."""
    return (recorded.stream_id,)


def fold(task_id: UUID, row: CountedTask | None, recorded: Recorded[Any]) -> CountedTask | None:
    """The row after one more event; only `task.created` makes one."""
    event = recorded.event
    if isinstance(event, e.TaskCreated):
        row = CountedTask(task_id=task_id, version=0, owner_id=event.owner_id, urgent=_is_urgent(event.priority))
    return None if row is None else replace(row, version=recorded.version, **_changes(event))


def _changes(event: e.TaskEvent) -> dict[str, Any]:
    status = STATUS.get(type(event))
    if status is not None:
        return {"status": status, "dead": isinstance(event, e.TaskFailed) and event.retry_at is None}
    match event:
        case e.TaskAssigned(node_id=node_id):
            return {"status": "pending", "node_id": node_id, "dead": False}
        case e.TaskEdited(after=after) if isinstance(after.priority, Priority):
            return {"urgent": _is_urgent(after.priority)}
        case e.TaskDeleted() | e.TaskRestored():
            return {"deleted": isinstance(event, e.TaskDeleted)}
    return {}


def owned_by(owner_id: UUID) -> str:
    """The group of an owner's tasks."""
    return f"owner:{owner_id}"


def assigned_to(node_id: UUID) -> str:
    """The group of a node's tasks; its `in_progress` is what the node works on now."""
    return f"node:{node_id}"


def contrib(row: CountedTask) -> Groups:
    """What one task adds to its groups: `total`, its status, and `dead` and `high_priority` where they hold."""
    if row.deleted:
        return {}
    numbers = {"total": 1, row.status: 1}
    if row.dead:
        numbers["dead"] = 1
    if row.urgent:
        numbers["high_priority"] = 1
    groups = {ALL: numbers, owned_by(row.owner_id): numbers}
    if row.node_id is not None:
        groups[assigned_to(row.node_id)] = numbers
    return groups


def _is_urgent(priority: Priority) -> bool:
    return priority is Priority.HIGH or priority is Priority.URGENT


TASK_COUNTS: Final = read_model(
    ReadModel(
        name="task_counts",
        version=2,
        store="redis",
        row=CountedTask,
        key=("task_id",),
        listens=(e.TaskCreated, e.TaskAssigned, *STATUS, e.TaskEdited, e.TaskDeleted, e.TaskRestored),
        keys=keys,
        fold=fold,
        contrib=contrib,
        key_is_stream=True,
    )
)
