"""Counts of tasks: one's own, a node's, a project's, and the dashboard that puts one's own together."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from api.shared.access import caller
from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from api.shared.project_sight import must_see_project
from api.shared.querying import tagged
from api.shared.request import Req
from api.shared.routing import query
from api.tasks.seeking import places_of
from api.tasks.views import TaskView, task_view
from application.shared.permissions import Reach, reach
from domain.shared.refused import Hidden
from domain.tasks.status import OPEN, Priority, Status
from projections.shared.reading import Freshness
from projections.tasks.task_counts import ALL, NUMBERS, TASK_COUNTS, assigned_to, helped_by, owned_by, within
from projections.tasks.task_days import DONE, OPENED, TASK_DAYS, people_of, projects_of
from projections.tasks.task_pages import Sorting, sheet
from projections.tasks.task_search import Filter, Sought

SOON: Final = timedelta(days=7)
SHOWN: Final = 10
Counted = dict[str, int]
Everybody = Annotated[bool, QueryParameter(name="all", description="Of everybody; for who reads all tasks.")]


class TaskStats(msgspec.Struct, frozen=True):
    """How many tasks there are, deleted ones left out; `high_priority`: high or urgent; `dead`: failed with no attempt left."""

    total: int
    pending: int
    in_progress: int
    in_review: int
    completed: int
    failed: int
    cancelled: int
    overdue: int
    high_priority: int
    dead: int
    by_priority: Counted


class OnePerson(msgspec.Struct, frozen=True):
    """Somebody's part of a project."""

    user_id: UUID
    total: int
    completed: int


class ProjectStats(msgspec.Struct, frozen=True):
    """How a project stands; `progress`: completed of all that were not cancelled, in percent; `last_activity`: when a task of it last changed."""

    total_tasks: int
    completed_tasks: int
    progress: float
    overdue: int
    by_status: Counted
    by_priority: Counted
    by_assignee: list[OnePerson]
    last_activity: datetime | None


class OneProject(msgspec.Struct, frozen=True):
    """One's own tasks in a project."""

    project_id: UUID
    total: int
    open: int
    completed: int


class Dashboard(msgspec.Struct, frozen=True):
    """One's own tasks at a glance: numbers, those that are overdue, those due within a week (ten of each at most), and by project."""

    counts: TaskStats
    overdue: list[TaskView]
    due_soon: list[TaskView]
    by_project: list[OneProject]


@query("/api/v1/tasks/stats", needs="tasks:read", answers=TaskStats, tagged=True, tags=["tasks"])
async def task_stats(
    request: Req,
    fresh: NamedDependency[Freshness],
    user_id: FromQuery[UUID | None] = None,
    node_id: FromQuery[UUID | None] = None,
    project_id: FromQuery[UUID | None] = None,
    everybody: Everybody = False,  # noqa: FBT002 — a query parameter.
) -> Response[bytes]:
    """How many tasks the caller has, as the list of them says; of a project they see; for who reads all tasks: of anybody, or of all."""
    groups = await _groups(request, user_id, node_id, project_id, everybody=everybody)
    counts, position, stale = await parts(request).caches.groups(TASK_COUNTS, groups, NUMBERS, fresh)
    return tagged(request, stats_of(counts), position=position, stale=stale)


async def _groups(request: Req, user_id: UUID | None, node_id: UUID | None, project_id: UUID | None, *, everybody: bool) -> list[str]:
    who = caller(request)
    if sum((user_id is not None, node_id is not None, project_id is not None, everybody)) > 1:
        raise BodyRefused([FieldError("project_id", "one_of_several", "one of user_id, node_id, project_id and all is meant")])
    everywhere = reach(who, "tasks:read") is Reach.ALL
    if project_id is not None:
        await must_see_project(request, project_id)
        return [within(project_id)]
    if not everywhere and (everybody or (user_id or node_id) not in {None, who.id}):
        raise Hidden
    if everybody:
        return [ALL]
    if user_id is not None:
        return groups_of(user_id)
    return [assigned_to(node_id)] if node_id is not None else own_groups(request)


def groups_of(user_id: UUID) -> list[str]:
    """The groups of what somebody owns or is to work on; no task stands in both."""
    return [owned_by(user_id), helped_by(user_id)]


def own_groups(request: Req) -> list[str]:
    """The groups of the caller's tasks, as `GET /api/v1/tasks` lists them."""
    words = {"owner": owned_by, "assignee": helped_by, "node": assigned_to}
    return [words[place.kind](place.of) for place in places_of(caller(request)) if isinstance(place.of, UUID)] or [ALL]


def stats_of(counts: dict[str, Counted]) -> TaskStats:
    """The numbers of several groups together."""
    total = {name: sum(numbers[name] for numbers in counts.values()) for name in NUMBERS}
    by_priority = {priority.value: total[f"priority:{priority.value}"] for priority in Priority}
    plain = {name: total[name] for name in TaskStats.__struct_fields__ if name in total}
    return TaskStats(**plain, high_priority=by_priority["high"] + by_priority["urgent"], by_priority=by_priority)


@query("/api/v1/projects/{project_id:uuid}/stats", needs="projects:read", answers=ProjectStats, tagged=True, tags=["projects"])
async def project_stats(request: Req, project_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """How a project stands. For its members."""
    await must_see_project(request, project_id)
    known, group = parts(request), within(project_id)
    counts, position, stale = await known.caches.groups(TASK_COUNTS, [group], NUMBERS, fresh)
    newest = await known.caches.lowest(TASK_COUNTS, group, 1, fresh)
    people, _, _ = await known.tables.sums(TASK_DAYS, [people_of(project_id)], fresh)
    numbers = counts[group]
    counting = numbers["total"] - numbers["cancelled"]
    told = ProjectStats(
        total_tasks=numbers["total"],
        completed_tasks=numbers["completed"],
        progress=round(100 * numbers["completed"] / counting, 1) if counting else 0.0,
        overdue=numbers["overdue"],
        by_status={status.value: numbers[status.value] for status in Status},
        by_priority={priority.value: numbers[f"priority:{priority.value}"] for priority in Priority},
        by_assignee=_people(people[people_of(project_id)]),
        last_activity=newest.rows[0].at if newest.rows else None,
    )
    return tagged(request, told, position=position, stale=stale)


def _people(numbers: Counted) -> list[OnePerson]:
    return [OnePerson(UUID(name), number, numbers.get(f"{name} {DONE}", 0)) for name, number in sorted(numbers.items()) if " " not in name]


@query("/api/v1/dashboard", needs="tasks:read", answers=Dashboard, tagged=True, tags=["tasks"])
async def dashboard(request: Req, fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """One's own tasks at a glance."""
    known, who, places = parts(request), caller(request), places_of(caller(request))
    counts, position, stale = await known.caches.groups(TASK_COUNTS, own_groups(request), NUMBERS, fresh)
    now = known.log.now()
    still = Filter("status", "status = any(%b::text[])", ([status.value for status in OPEN],))
    late = (Filter("overdue", "overdue", (), (True,)),)
    soon = (still, Filter("due", "due_date >= %b", (now,)), Filter("due", "due_date <= %b", (now + SOON,)))
    by_due = Sorting("due_date", descending=False)
    shown = [await sheet(known.tables, Sought(places, filters), by_due, fresh, limit=SHOWN) for filters in (late, soon)]
    mine = projects_of(who.id) if who.id is not None else ""
    projects, _, _ = await known.tables.sums(TASK_DAYS, [mine], fresh)
    overdue, due_soon = ([task_view(row) for row in found.rows] for found in shown)
    told = Dashboard(stats_of(counts), overdue, due_soon, _by_project(projects[mine]))
    return tagged(request, told, position=position, stale=stale or any(found.seen.stale for found in shown))


def _by_project(numbers: Counted) -> list[OneProject]:
    found = dict[str, Counted]()
    for name, number in numbers.items():
        project, _, where = name.partition(" ")
        found.setdefault(project, {})[where] = number
    return [OneProject(UUID(project), sum(one.values()), one.get(OPENED, 0), one.get(DONE, 0)) for project, one in sorted(found.items())]
