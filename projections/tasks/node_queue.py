"""What waits for each node: pending assigned tasks, the most urgent first, then the one that has waited longest."""

from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from domain.shared.event import Recorded
from domain.tasks import events as e
from domain.tasks.status import Priority, Status
from projections.shared.read_model import ReadModel, Row, read_model

RANK: Final = {Priority.URGENT: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}
_BEHIND: Final = 2**50
"""What one rank outweighs: more positions than any log has, and still exact in a double."""


class QueuedTask(Row, frozen=True, gc=False):
    """A task that waits for its node. There is a row only while it does."""

    task_id: UUID
    version: int
    node_id: UUID
    rank: int
    """0 is the most urgent."""
    queued_at: int
    """Log position at which it began to wait; another priority does not change it."""


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The task itself."""
    return (recorded.stream_id,)


def fold(task_id: UUID, row: QueuedTask | None, recorded: Recorded[Any]) -> QueuedTask | None:
    """Waiting begins with an assignment and ends with any step of the work."""
    event = recorded.event
    match event:
        case e.TaskRestored(status=status) if status is not Status.PENDING:
            return None
        case e.TaskAssigned() | e.TaskRetried() | e.TaskReopened() | e.TaskRestored():
            if event.node_id is None:
                return None
            return QueuedTask(
                task_id=task_id,
                version=recorded.version,
                node_id=event.node_id,
                rank=RANK[event.priority],
                queued_at=row.queued_at if row is not None and row.node_id == event.node_id else recorded.position,
            )
        case e.TaskEdited(after=after):
            rank = RANK.get(after.priority) if isinstance(after.priority, Priority) else None
            return row if row is None or rank is None else replace(row, rank=rank, version=recorded.version)
    return None


def queue_of(node_id: UUID) -> str:
    """The name of a node's sorted set."""
    return f"node:{node_id}"


def scores(row: QueuedTask) -> dict[str, float]:
    """Where it stands in its node's queue; the lowest is next."""
    return {queue_of(row.node_id): float(row.rank * _BEHIND + row.queued_at)}


NODE_QUEUE: Final = read_model(
    ReadModel(
        name="node_queue",
        version=1,
        store="redis",
        row=QueuedTask,
        key=("task_id",),
        listens=(
            e.TaskAssigned,
            e.TaskClaimed,
            e.TaskStarted,
            e.TaskCompleted,
            e.TaskFailed,
            e.TaskRetried,
            e.TaskReopened,
            e.TaskEdited,
            e.TaskDeleted,
            e.TaskRestored,
        ),
        keys=keys,
        fold=fold,
        scores=scores,
        key_is_stream=True,
    )
)
