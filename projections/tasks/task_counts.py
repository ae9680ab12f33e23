"""How many tasks there are of each kind: in all, per owner, node, project and helper. Sums over small rows, never counted up or down."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.shared.event import Recorded
from domain.tasks import events as e
from domain.tasks.status import OPEN, Priority, Status
from projections.shared.read_model import Groups, ReadModel, Row, read_model
from projections.tasks.moving import moved

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
    at: datetime
    """When it last changed in what is counted."""
    status: str = "pending"
    priority: str = Priority.MEDIUM.value
    node_id: UUID | None = None
    project_id: UUID | None = None
    assignee_ids: list[UUID] = msgspec.field(default_factory=list)
    dead: bool = False
    """Failed, and no attempt is left."""
    overdue_told: bool = False
    deleted: bool = False


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The task itself."""
    return (recorded.stream_id,)


def fold(task_id: UUID, row: CountedTask | None, recorded: Recorded[Any]) -> CountedTask | None:
    """The row after one more event; only `task.created` makes one."""
    event = recorded.event
    if isinstance(event, e.TaskCreated):
        row = CountedTask(task_id, 0, event.owner_id, event.at, priority=event.priority.value, project_id=event.project_id)
    return None if row is None else replace(row, version=recorded.version, at=event.at, **_changes(row, event))


def _changes(row: CountedTask, event: e.TaskEvent) -> dict[str, Any]:
    status = STATUS.get(type(event))
    if status is not None:
        return {"status": status, "dead": isinstance(event, e.TaskFailed) and event.retry_at is None}
    match event:
        case e.TaskAssigned(node_id=node_id):
            return {"status": "pending", "node_id": node_id, "dead": False}
        case e.TaskEdited(after=after):
            changes: dict[str, Any] = {"priority": after.priority.value} if isinstance(after.priority, Priority) else {}
            return changes | ({} if after.due_date is msgspec.UNSET else {"overdue_told": False})
        case e.TaskDeleted() | e.TaskRestored():
            return {"deleted": isinstance(event, e.TaskDeleted)}
        case e.TaskBecameOverdue():
            return {"overdue_told": True}
    return moved(row, event)


def owned_by(owner_id: UUID) -> str:
    """The group of an owner's tasks."""
    return f"owner:{owner_id}"


def helped_by(user_id: UUID) -> str:
    """The group of tasks that somebody is to work on though they are another's."""
    return f"helper:{user_id}"


def assigned_to(node_id: UUID) -> str:
    """The group of a node's tasks; its `in_progress` is what the node works on now."""
    return f"node:{node_id}"


def within(project_id: UUID) -> str:
    """The group of a project's tasks, and the name of the sorted set of its tasks, the one that changed last first."""
    return f"project:{project_id}"


def contrib(row: CountedTask) -> Groups:
    """What one task adds to its groups: `total`, its status, its priority, and `dead` and `overdue` where they hold."""
    if row.deleted:
        return {}
    numbers = {"total": 1, row.status: 1, f"priority:{row.priority}": 1}
    if row.dead:
        numbers["dead"] = 1
    if row.overdue_told and row.status in OPEN:
        numbers["overdue"] = 1
    return dict.fromkeys(_groups(row), numbers)


def _groups(row: CountedTask) -> Iterator[str]:
    yield ALL
    yield owned_by(row.owner_id)
    if row.node_id is not None:
        yield assigned_to(row.node_id)
    if row.project_id is not None:
        yield within(row.project_id)
    yield from (helped_by(user) for user in row.assignee_ids if user != row.owner_id)


def scores(row: CountedTask) -> Mapping[str, float]:
    """Where it stands in its project: what changed last is the lowest. A deleted task changed when it was deleted."""
    return {} if row.project_id is None else {within(row.project_id): -row.at.timestamp()}


NUMBERS: Final = ("total", *(status.value for status in Status), "overdue", "dead", *(f"priority:{priority.value}" for priority in Priority))
"""All that is counted in a group."""


TASK_COUNTS: Final = read_model(
    ReadModel(
        name="task_counts",
        version=3,
        store="redis",
        row=CountedTask,
        key=("task_id",),
        listens=(
            e.TaskCreated,
            e.TaskAssigned,
            *STATUS,
            e.TaskEdited,
            e.TaskDeleted,
            e.TaskRestored,
            e.TaskBecameOverdue,
            e.TaskMoved,
            e.TaskReowned,
            e.TaskAssigneeAdded,
            e.TaskAssigneeRemoved,
        ),
        keys=keys,
        fold=fold,
        contrib=contrib,
        scores=scores,
        key_is_stream=True,
    )
)
