"""What came of tasks day by day (UTC): how many were open and done at the end of each day, and what happened on it.

Burn-down and productivity are sums over it. A row remembers where its task stood at the end of each day on which that changed, so that
moving it between projects, deleting, restoring and reopening it count on the day they happened, and no day before it changes any more.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.shared.event import Recorded
from domain.tasks import events as e
from domain.tasks.status import OPEN
from projections.shared.read_model import Groups, ReadModel, Row, read_model
from projections.tasks.moving import moved
from projections.tasks.task_counts import STATUS

ALL: Final = "all"
OPENED, DONE, DROPPED, NOWHERE = "open", "done", "dropped", "-"
"""Where a task stands at the end of a day: still to be done, completed, given up (failed for good or cancelled), or not there (deleted)."""
FACTS: Final[dict[type[e.TaskEvent], str]] = {
    e.TaskCreated: "created",
    e.TaskCompleted: "completed",
    e.TaskFailed: "failed",
    e.TaskBecameOverdue: "overdue",
}
NONE: Final = "-"


class TaskDays(Row, frozen=True, gc=False):
    """A task, and its days. `stood`: `day place project` of each day on which that changed; `facts`: `day fact owner project`."""

    task_id: UUID
    version: int
    owner_id: UUID
    stood: list[str]
    facts: list[str]
    place: str = OPENED
    deleted: bool = False
    project_id: UUID | None = None
    assignee_ids: list[UUID] = msgspec.field(default_factory=list)


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The task itself."""
    return (recorded.stream_id,)


def fold(task_id: UUID, row: TaskDays | None, recorded: Recorded[Any]) -> TaskDays | None:
    """The row after one more event; only `task.created` makes one."""
    event = recorded.event
    if isinstance(event, e.TaskCreated):
        row = TaskDays(task_id, 0, event.owner_id, [], [], project_id=event.project_id)
    if row is None:
        return None
    row = replace(row, version=recorded.version, **_changes(row, event))
    day, fact = _day(event.at), FACTS.get(type(event))
    stood = f"{day} {NOWHERE if row.deleted else row.place} {row.project_id or NONE}"
    changes: dict[str, Any] = {}
    if fact is not None:
        changes["facts"] = [*row.facts, f"{day} {fact} {row.owner_id} {row.project_id or NONE}"]
    if not row.stood or row.stood[-1][11:] != stood[11:]:
        # Only the end of a day counts; clocks of two processes may differ, but a day that is over is not changed.
        day_again = bool(row.stood) and row.stood[-1][:10] >= day
        kept = row.stood[:-1] if day_again else row.stood
        changes["stood"] = [*kept, (row.stood[-1][:10] if day_again else day) + stood[10:]]
    return replace(row, **changes) if changes else row


def _changes(row: TaskDays, event: e.TaskEvent) -> dict[str, Any]:
    status = "pending" if isinstance(event, e.TaskAssigned) else STATUS.get(type(event))
    if status is not None:
        waits = isinstance(event, e.TaskFailed) and event.retry_at is not None
        return {"place": OPENED if status in OPEN or waits else DONE if status == "completed" else DROPPED}
    if isinstance(event, e.TaskDeleted | e.TaskRestored):
        return {"deleted": isinstance(event, e.TaskDeleted)}
    return moved(row, event)


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")


def burn_of(project_id: UUID) -> str:
    """The group of how the open and done tasks of a project changed: `day open` and `day done` → by how many."""
    return f"burn:{project_id}"


def people_of(project_id: UUID) -> str:
    """The group of a project's tasks by who is to work on them: `user` and `user done` → how many."""
    return f"people:{project_id}"


def projects_of(user_id: UUID) -> str:
    """The group of somebody's tasks by project: `project place` → how many."""
    return f"projects:{user_id}"


def facts_of(of: UUID | None) -> str:
    """The group of what happened, of an owner, a project, or of all: `day fact` → how often."""
    return f"facts:{of or ALL}"


def contrib(row: TaskDays) -> Groups:
    """What one task adds on each of its days."""
    groups: dict[str, dict[str, int]] = {}
    for group, name, number in _numbers(row):
        numbers = groups.setdefault(group, {})
        numbers[name] = numbers.get(name, 0) + number
    return groups


def _numbers(row: TaskDays) -> Iterator[tuple[str, str, int]]:
    yield from _burned(row)
    for fact in row.facts:
        day, word, owner, project = fact.split(" ")
        yield from ((f"facts:{of}", f"{day} {word}", 1) for of in (ALL, owner, project) if of != NONE)
    if row.project_id is not None and not row.deleted:
        yield from _of_people(row, row.project_id)


def _of_people(row: TaskDays, project_id: UUID) -> Iterator[tuple[str, str, int]]:
    for user in row.assignee_ids:
        yield people_of(project_id), str(user), 1
        if row.place == DONE:
            yield people_of(project_id), f"{user} done", 1
    yield from ((projects_of(user), f"{project_id} {row.place}", 1) for user in {row.owner_id, *row.assignee_ids})


def _burned(row: TaskDays) -> Iterator[tuple[str, str, int]]:
    before = (NOWHERE, NONE)
    for stood in row.stood:
        day, where, project = stood.split(" ")
        for (place, of), sign in ((before, -1), ((where, project), 1)):
            if place != NOWHERE and of != NONE:
                yield f"burn:{of}", f"{day} {place}", sign
        before = (where, project)


TASK_DAYS: Final = read_model(
    ReadModel(
        name="task_days",
        version=1,
        store="postgres",
        row=TaskDays,
        key=("task_id",),
        listens=(
            e.TaskCreated,
            e.TaskAssigned,
            *STATUS,
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
        key_is_stream=True,
    )
)


def days_of(numbers: dict[str, int]) -> dict[date, dict[str, int]]:
    """Numbers by name as numbers by day and word, in the order of days."""
    days: dict[date, dict[str, int]] = {}
    for name, number in sorted(numbers.items()):
        day, _, word = name.partition(" ")
        days.setdefault(date.fromisoformat(day), {})[word] = number
    return days
