"""Lists of projects and teams: the caller's own, a team's, or all for who may read all."""

from collections.abc import Sequence
from typing import Annotated, Any, LiteralString
from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from api.projects.views import ProjectView, TeamView, must_see_circle, project_view, team_view
from api.shared.access import caller
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import query
from application.shared.permissions import Reach, reach
from domain.projects.kind import Kind
from domain.projects.limits import NAME, same_name
from domain.projects.status import ProjectStatus
from projections.projects.memberships import MEMBERSHIPS
from projections.projects.projects import PROJECTS
from projections.projects.teams import TEAMS
from projections.shared.reading import LAST_ID, Freshness, SeenMany

Sought = Annotated[str | None, QueryParameter(max_length=NAME, description="What the name contains, in any case.")]
Tag = Annotated[str | None, QueryParameter(max_length=50, description="A tag the project has.")]
Status = Annotated[ProjectStatus | None, QueryParameter(description="Where the project stands.")]


@query("/api/v1/projects", needs="projects:read", answers=Page[ProjectView], tags=["projects"])
async def list_projects(
    request: Req,
    fresh: NamedDependency[Freshness],
    status: Status = None,
    team_id: FromQuery[UUID | None] = None,
    tag: Tag = None,
    q: Sought = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> Response[bytes]:
    """Projects of the caller and of the caller's teams, newest first; all for who may read all."""
    where, whose = await _projects_of_caller(request, fresh)
    return await _projects(request, fresh, where, [*whose, *_sought(status, team_id, tag, q)], limit, cursor)


@query("/api/v1/teams/{team_id:uuid}/projects", needs="teams:read", answers=Page[ProjectView], tags=["teams"])
async def list_team_projects(
    request: Req,
    team_id: FromPath[UUID],
    fresh: NamedDependency[Freshness],
    status: Status = None,
    tag: Tag = None,
    q: Sought = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> Response[bytes]:
    """Projects of a team, newest first."""
    return await _of_team(request, fresh, team_id, _sought(status, None, tag, q), limit, cursor)


@query("/api/v1/projects/team/{team_id:uuid}", needs="teams:read", answers=Page[ProjectView], tags=["projects"])
async def list_projects_of_team(
    request: Req,
    team_id: FromPath[UUID],
    fresh: NamedDependency[Freshness],
    status: Status = None,
    tag: Tag = None,
    q: Sought = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> Response[bytes]:
    """Projects of a team, newest first (another address of the same list)."""
    return await _of_team(request, fresh, team_id, _sought(status, None, tag, q), limit, cursor)


@query("/api/v1/teams", needs="teams:read", answers=Page[TeamView], tags=["teams"])
async def list_teams(
    request: Req, fresh: NamedDependency[Freshness], q: Sought = None, limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """The caller's teams, newest first; all for who may read all."""
    who, most = caller(request), limit or DEFAULT_LIMIT
    (before,) = read_cursor(request, cursor, tuple[UUID]) or (LAST_ID,)
    where: LiteralString = "where not deleted and (%b::text is null or position(%b in sought) > 0)"
    arguments: list[Any] = [None if q is None else same_name(q)] * 2
    if reach(who, "teams:read") is not Reach.ALL:
        _, teams = await circles_of(request, fresh)
        where += " and id = any(%b)"
        arguments.append(teams)
    seen = await parts(request).tables.many(TEAMS, f"{where} and id < %b order by id desc limit %b", (*arguments, before, most + 1), fresh)
    return _page(request, seen, [team_view(row) for row in seen.rows[:most]], most)


async def circles_of(request: Req, fresh: Freshness) -> tuple[list[UUID], list[UUID]]:
    """The projects and the teams that the caller is a member of; of the teams only those that are there."""
    tables = parts(request).tables
    mine = (await tables.many(MEMBERSHIPS, "where user_id = %b", (caller(request).id,), fresh)).rows
    teams = [row.circle_id for row in mine if row.kind == Kind.TEAM]
    if teams:
        teams = [row.id for row in (await tables.many(TEAMS, "where id = any(%b) and not deleted", (teams,), fresh)).rows]
    return [row.circle_id for row in mine if row.kind == Kind.PROJECT], teams


async def _projects_of_caller(request: Req, fresh: Freshness) -> tuple[LiteralString, list[Any]]:
    if reach(caller(request), "projects:read") is Reach.ALL:
        return "where not deleted", []
    return "where not deleted and (id = any(%b) or team_id = any(%b))", [*await circles_of(request, fresh)]


async def _of_team(request: Req, fresh: Freshness, team_id: UUID, sought: list[Any], limit: int | None, cursor: str | None) -> Response[bytes]:
    await must_see_circle(request, Kind.TEAM, team_id)
    return await _projects(request, fresh, "where not deleted and team_id = %b", [team_id, *sought], limit, cursor)


def _sought(status: ProjectStatus | None, team_id: UUID | None, tag: str | None, q: str | None) -> list[Any]:
    words = (None if status is None else status.value, team_id, None if tag is None else tag.strip().lower(), None if q is None else same_name(q))
    return [word for word in words for _ in range(2)]


SOUGHT: LiteralString = """ and (%b::text is null or status = %b) and (%b::uuid is null or team_id = %b)
    and (%b::text is null or %b = any(tags)) and (%b::text is null or position(%b in sought) > 0)
    and id < %b order by id desc limit %b"""


async def _projects(
    request: Req, fresh: Freshness, where: LiteralString, arguments: list[Any], limit: int | None, cursor: str | None
) -> Response[bytes]:
    most = limit or DEFAULT_LIMIT
    (before,) = read_cursor(request, cursor, tuple[UUID]) or (LAST_ID,)
    seen = await parts(request).tables.many(PROJECTS, where + SOUGHT, (*arguments, before, most + 1), fresh)
    return _page(request, seen, [project_view(row) for row in seen.rows[:most]], most)


def _page(request: Req, seen: SeenMany[Any], shown: Sequence[ProjectView | TeamView], most: int) -> Response[bytes]:
    following = write_cursor(request, shown[-1].id) if len(seen.rows) > most else None
    return page(request, shown, position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)
