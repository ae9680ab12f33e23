"""Tasks day by day (UTC): the burn-down of a project, and what was created, completed, failed and became overdue."""

from datetime import date, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from api.shared.access import caller
from api.shared.moments import day, day_of
from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from api.shared.project_sight import must_see_project
from api.shared.querying import tagged
from api.shared.request import Req
from api.shared.routing import query
from api.tasks.stats import Everybody
from application.shared.permissions import Reach, reach
from domain.shared.refused import Hidden
from projections.shared.reading import Freshness
from projections.tasks.task_days import DONE, DROPPED, OPENED, TASK_DAYS, burn_of, days_of, facts_of

LONGEST: Final = 3_660
"""Days a report may cover."""
USUAL: Final = 30
First = Annotated[str | None, day("The first day.", name="from")]
Last = Annotated[str | None, day("The last day; today where left out.", name="to")]


class BurnDay(msgspec.Struct, frozen=True):
    """A project at the end of a day: tasks still to be done, completed, given up (failed for good or cancelled), and all of them."""

    date: date
    open: int
    done: int
    dropped: int
    total: int


class Burndown(msgspec.Struct, frozen=True):
    """How a project came along; `as_of`: what was known at the end of that day."""

    project_id: UUID
    as_of: date
    days: list[BurnDay]


class WorkDay(msgspec.Struct, frozen=True):
    """What happened on a day."""

    date: date
    created: int = 0
    completed: int = 0
    failed: int = 0
    overdue: int = 0


class Productivity(msgspec.Struct, frozen=True):
    """What happened, day by day and in all."""

    days: list[WorkDay]
    created: int
    completed: int
    failed: int
    overdue: int


@query("/api/v1/projects/{project_id:uuid}/burndown", needs="projects:read", answers=Burndown, tagged=True, tags=["projects"])
async def project_burndown(
    request: Req,
    project_id: FromPath[UUID],
    fresh: NamedDependency[Freshness],
    since: First = None,
    until: Last = None,
    as_of: Annotated[str | None, day("Only what was known at the end of this day.")] = None,
) -> Response[bytes]:
    """How many tasks of a project were open and done at the end of each day, from its first task on, from the facts of these days.

    What happens to a task later, wherever it is moved, changes no day that is over.
    """
    await must_see_project(request, project_id)
    found, position, stale = await parts(request).tables.sums(TASK_DAYS, [burn_of(project_id)], fresh)
    changes = days_of(found[burn_of(project_id)])
    today = parts(request).log.now().date()
    known = min(day_of("as_of", as_of) or today, today)
    last = min(day_of("to", until) or known, known)
    first = day_of("from", since) or min(changes, default=last)
    _must_fit(first, last)
    return tagged(request, Burndown(project_id, known, list(burned(changes, first, last))), position=position, stale=stale)


def burned(changes: dict[date, dict[str, int]], first: date, last: date) -> list[BurnDay]:
    """Where all tasks stand at the end of each day, from how that changed."""
    stands = {OPENED: 0, DONE: 0, DROPPED: 0}
    for at in (one for one in changes if one < first):
        _add(stands, changes[at])
    days = []
    for nth in range((last - first).days + 1):
        at = first + timedelta(days=nth)
        _add(stands, changes.get(at, {}))
        days.append(BurnDay(at, stands[OPENED], stands[DONE], stands[DROPPED], sum(stands.values())))
    return days


def _add(stands: dict[str, int], changes: dict[str, int]) -> None:
    for place, number in changes.items():
        stands[place] += number


@query("/api/v1/reports/productivity", needs="tasks:read", answers=Productivity, tagged=True, tags=["tasks"])
async def productivity_report(
    request: Req,
    fresh: NamedDependency[Freshness],
    since: First = None,
    until: Last = None,
    project_id: FromQuery[UUID | None] = None,
    user_id: FromQuery[UUID | None] = None,
    everybody: Everybody = False,  # noqa: FBT002 — a query parameter.
) -> Response[bytes]:
    """What was created, completed, failed and became overdue on each day, the last 30 where no day is named.

    Of the tasks one owns; of a project one sees; for who reads all tasks: of anybody's, or of all.
    """
    who = caller(request)
    everywhere = reach(who, "tasks:read") is Reach.ALL
    if project_id is not None:
        await must_see_project(request, project_id)
    elif not everywhere and (everybody or user_id not in {None, who.id}):
        raise Hidden
    group = facts_of(project_id or (None if everybody else user_id or who.id))
    found, position, stale = await parts(request).tables.sums(TASK_DAYS, [group], fresh)
    happened = days_of(found[group])
    last = day_of("to", until) or parts(request).log.now().date()
    first = day_of("from", since) or date.fromordinal(max(1, last.toordinal() - USUAL + 1))
    _must_fit(first, last)
    all_days = (first + timedelta(days=nth) for nth in range((last - first).days + 1))
    days = [WorkDay(one, **happened.get(one, {})) for one in all_days]
    words = ("created", "completed", "failed", "overdue")
    told = Productivity(days, **{word: sum(getattr(one, word) for one in days) for word in words})
    return tagged(request, told, position=position, stale=stale)


def _must_fit(first: date, last: date) -> None:
    if (last - first).days >= LONGEST:
        raise BodyRefused([FieldError("from", "out_of_range", f"at most {LONGEST} days are told at once")])
