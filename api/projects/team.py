"""Single teams."""

from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from api.projects.project import NewOwner
from api.projects.views import Description, Name, TeamView, must_see_circle, team_is_there, team_view
from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently, if_match
from api.shared.parts import parts
from api.shared.querying import one
from api.shared.request import Req
from api.shared.routing import change, command, query, remove, replace
from application.projects.member import GiveToMember
from application.projects.team import CreateTeam, DeleteTeam, EditTeam, RestoreTeam
from domain.projects.kind import Kind
from domain.projects.team import Team
from domain.shared.refused import NotFound
from projections.projects.teams import TEAMS
from projections.shared.reading import Freshness

ALL = "/api/v1/teams"
ONE = "/api/v1/teams/{team_id:uuid}"


class NewTeam(Body, frozen=True, kw_only=True):
    """A team to create."""

    name: Name
    description: Description | None = None


class TeamChanges(Body, frozen=True, kw_only=True):
    """A JSON merge patch (RFC 7396): what is left out stays, null clears."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET


@command(ALL, needs="teams:create", status=201, answers=TeamView, tags=["teams"])
async def create_team(request: Req, data: JSONBody[NewTeam]) -> Response[bytes]:
    """Create a team; who creates it owns it."""
    wish = CreateTeam(name=data.name, description=data.description)
    return await carry_out(request, wish, TeamView, of=Team, status=201, location=f"{ALL}/")


@query(ONE, needs="teams:read", answers=TeamView, tags=["teams"])
async def get_team(request: Req, team_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """Read a team, as new as its newest event."""
    await must_see_circle(request, Kind.TEAM, team_id)
    seen = await parts(request).tables.one(TEAMS, team_id, fresh)
    if seen.row is None or seen.row.deleted:
        raise NotFound
    return one(request, team_view(seen.row), version=seen.row.version, position=seen.position, stale=seen.stale)


@change(ONE, needs="teams:manage", answers=TeamView, tags=["teams"], exists=team_is_there)
async def edit_team(request: Req, team_id: FromPath[UUID], data: JSONBody[TeamChanges]) -> Response[bytes]:
    """Change a team's name or description."""
    return await _edit(request, team_id, data)


@replace(ONE, needs="teams:manage", answers=TeamView, tags=["teams"], exists=team_is_there)
async def put_team(request: Req, team_id: FromPath[UUID], data: JSONBody[TeamChanges]) -> Response[bytes]:
    """Change a team's name or description (PUT means the same as PATCH)."""
    return await _edit(request, team_id, data)


async def _edit(request: Req, team_id: UUID, data: TeamChanges) -> Response[bytes]:
    wish = EditTeam(team_id=team_id, name=data.name, description=data.description, if_match=if_match(request))
    return await carry_out(request, wish, TeamView, of=Team)


@remove(ONE, needs="teams:manage", tags=["teams"])
async def delete_team(request: Req, team_id: FromPath[UUID]) -> Response[None]:
    """Hide a team; its projects stay with their own members."""
    return await carry_out_silently(request, DeleteTeam(team_id=team_id, if_match=if_match(request)))


@command(f"{ONE}/restore", needs="teams:manage", answers=TeamView, tags=["teams"])
async def restore_team(request: Req, team_id: FromPath[UUID]) -> Response[bytes]:
    """Bring a deleted team back; for its owner and administrators."""
    return await carry_out(request, RestoreTeam(team_id=team_id), TeamView, of=Team)


@command(f"{ONE}/owner", needs="teams:manage", answers=TeamView, tags=["teams"], exists=team_is_there)
async def give_team(request: Req, team_id: FromPath[UUID], data: JSONBody[NewOwner]) -> Response[bytes]:
    """Let a team belong to somebody else; who owned it stays as a manager."""
    return await carry_out(request, GiveToMember(kind=Kind.TEAM, circle_id=team_id, user_id=data.user_id), TeamView, of=Team)
