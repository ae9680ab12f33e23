"""Counts and days of tasks: whatever happened in whatever order, they are what recounting every task gives."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from api.tasks.reports import burned
from domain.shared.event import Recorded
from domain.tasks import events as e
from domain.tasks.status import OPEN, Priority, Status
from projections.tasks.task_board import TASK_BOARD
from projections.tasks.task_counts import TASK_COUNTS
from projections.tasks.task_days import TASK_DAYS, burn_of, days_of, facts_of, people_of, projects_of
from tests.scenario import NOON, folded

PEOPLE = [UUID(int=0xA0 + nth) for nth in range(3)]
PROJECTS = [UUID(int=0xB0 + nth) for nth in range(2)]
NODE = UUID(int=0xC0)
TASKS = [UUID(int=(7 << 76) | 1 + nth) for nth in range(3)]
person, project = st.sampled_from(PEOPLE), st.sampled_from([None, *PROJECTS])


def _edited(at: datetime, priority: Priority | None) -> e.TaskEdited:
    after = e.Fields(due_date=at + timedelta(days=3)) if priority is None else e.Fields(priority=priority)
    return e.TaskEdited(at=at, before=e.Fields(), after=after)


MAKE = st.one_of(
    st.just(lambda at: e.TaskAssigned(at=at, node_id=NODE, token=2)),
    st.just(lambda at: e.TaskStarted(at=at)),
    st.just(lambda at: e.TaskCompleted(at=at)),
    st.just(lambda at: e.TaskFailed(at=at, reason="reported", attempt=1)),
    st.just(lambda at: e.TaskFailed(at=at, reason="reported", attempt=1, retry_at=at)),
    st.just(lambda at: e.TaskRetried(at=at, token=3)),
    st.just(lambda at: e.TaskReopened(at=at, reason="again", token=4)),
    st.just(lambda at: e.TaskSubmitted(at=at)),
    st.just(lambda at: e.TaskSentBack(at=at, reason="more")),
    st.just(lambda at: e.TaskCancelled(at=at)),
    st.just(lambda at: e.TaskBecameOverdue(at=at, due_date=at)),
    st.just(lambda at: e.TaskDeleted(at=at)),
    st.just(lambda at: e.TaskRestored(at=at, status=Status.PENDING)),
    project.map(lambda one: lambda at: e.TaskMoved(at=at, project_id=one)),
    person.map(lambda one: lambda at: e.TaskReowned(at=at, owner_id=one, previous_owner_id=PEOPLE[0])),
    person.map(lambda one: lambda at: ("assign", one, at)),
    st.sampled_from([None, *Priority]).map(lambda one: lambda at: _edited(at, one)),
)
STEP = st.tuples(st.sampled_from(TASKS), st.integers(0, 30), MAKE)


@st.composite
def histories(draw: Any) -> list[Recorded[Any]]:
    """Some tasks are created; then anything happens to them, hours apart. Folds see it all as it comes."""
    at, versions, helpers, recorded = NOON, dict.fromkeys(TASKS, 0), {one: set[UUID]() for one in TASKS}, list[Recorded[Any]]()

    def happened(task: UUID, event: Any) -> None:
        versions[task] += 1
        recorded.append(Recorded(len(recorded) + 1, task, versions[task], event, None, at))

    for task in TASKS:
        happened(task, e.TaskCreated(at=at, owner_id=draw(person), title="Sweep", project_id=draw(project), priority=draw(st.sampled_from(Priority))))
    for task, hours, make in draw(st.lists(STEP, max_size=25)):
        at += timedelta(hours=hours)
        event = make(at)
        if isinstance(event, tuple):
            there = event[1] in helpers[task]
            helpers[task] ^= {event[1]}
            event = (e.TaskAssigneeRemoved if there else e.TaskAssigneeAdded)(at=at, user_id=event[1])
        happened(task, event)
    return recorded


def summed(model: Any, recorded: list[Recorded[Any]]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for row in folded(model, recorded).values():
        for group, numbers in model.contrib(row).items():
            found.setdefault(group, Counter()).update(numbers)
    return {group: {name: number for name, number in numbers.items() if number} for group, numbers in found.items()}


@given(histories())
@settings(max_examples=120, deadline=None)
def test_the_counts_of_everybody_and_everything_are_those_of_the_board(recorded):
    must: dict[str, Counter[str]] = {}
    for row in folded(TASK_BOARD, recorded).values():
        if row.deleted:
            continue
        is_dead = row.dead and row.status == "failed"  # Here steps are taken that no task allows.
        names = [name for name, holds in (("dead", is_dead), ("overdue", row.overdue)) if holds]
        groups = ["all", f"owner:{row.owner_id}", *(f"helper:{one}" for one in row.assignee_ids if one != row.owner_id)]
        groups += [f"{kind}:{of}" for kind, of in (("node", row.assigned_node_id), ("project", row.project_id)) if of is not None]
        for group in groups:
            must.setdefault(group, Counter()).update(["total", row.status, f"priority:{row.priority}", *names])
    assert summed(TASK_COUNTS, recorded) == {group: dict(numbers) for group, numbers in must.items()}


def at_the_end_of(day: date, recorded: list[Recorded[Any]], of: UUID) -> tuple[int, int]:
    """Open and done tasks of a project, from all that happened up to then."""
    rows = folded(TASK_BOARD, [one for one in recorded if one.event.at.date() <= day]).values()
    here = [row for row in rows if row.project_id == of and not row.deleted]
    is_open = [row for row in here if row.status in OPEN or (row.status == "failed" and not row.dead)]
    return len(is_open), sum(1 for row in here if row.status == "completed")


@given(histories())
@settings(max_examples=120, deadline=None)
def test_the_burn_down_of_a_project_shows_each_day_as_it_ended_and_never_otherwise_later(recorded):
    first, last = NOON.date(), recorded[-1].event.at.date()
    for of in PROJECTS:
        days = burned(days_of(summed(TASK_DAYS, recorded).get(burn_of(of), {})), first, last)
        assert [(day.open, day.done) for day in days] == [at_the_end_of(day.date, recorded, of) for day in days]
        half = [one for one in recorded if one.event.at.date() <= first + (last - first) / 2]
        then = burned(days_of(summed(TASK_DAYS, half).get(burn_of(of), {})), first, half[-1].event.at.date())
        assert then == days[: len(then)]


@given(histories())
@settings(max_examples=60, deadline=None)
def test_what_happened_is_counted_on_its_day_and_who_works_on_what_is_counted_now(recorded):
    sums, board = summed(TASK_DAYS, recorded), folded(TASK_BOARD, recorded)
    happened = Counter(f"{one.event.at.date()} completed" for one in recorded if isinstance(one.event, e.TaskCompleted))
    assert {name: number for name, number in sums[facts_of(None)].items() if name.endswith("completed")} == happened
    there = [row for row in board.values() if not row.deleted]
    for of in PROJECTS:
        people = Counter(str(one) for row in there if row.project_id == of for one in row.assignee_ids)
        assert {name: number for name, number in sums.get(people_of(of), {}).items() if " " not in name} == people
    for one in PEOPLE:
        mine = sum(1 for row in there if row.project_id is not None and one in {row.owner_id, *row.assignee_ids})
        assert sum(sums.get(projects_of(one), {}).values()) == mine
