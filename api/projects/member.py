"""Members of projects and of teams."""

from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath, JSONBody

from api.projects.views import must_see_circle, project_is_there, team_is_there, viewer_with
from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently, if_match
from api.shared.parts import parts
from api.shared.querying import Page, one, page
from api.shared.request import Req
from api.shared.routing import change, command, query, remove
from application.projects.member import AddMember, ChangeMemberRole, MemberNow, RemoveMember
from domain.projects.kind import Kind
from domain.projects.role import MemberRole
from domain.shared.refused import NotFound
from domain.shared.word import Word
from projections.identity.people import names_of

OF_PROJECT = "/api/v1/projects/{project_id:uuid}/members"
OF_TEAM = "/api/v1/teams/{team_id:uuid}/members"


class MemberView(msgspec.Struct, frozen=True):
    """A member: `id` is the account."""

    id: UUID
    name: str
    role: MemberRole


class OneMember(msgspec.Struct, frozen=True):
    """The same with the version of the project or team."""

    id: UUID
    name: str
    role: MemberRole
    version: int


class GivenRole(Word):
    """What somebody can be made, in any case; ownership is transferred."""

    MANAGER = "manager"
    MEMBER = "member"
    VIEWER = "viewer"


class NewMember(Body, frozen=True, kw_only=True):
    """Who is a member from now on, and what they may do: viewers read, members work, managers run it."""

    user_id: UUID
    role: GivenRole = GivenRole.MEMBER


class MemberRoleBody(Body, frozen=True, kw_only=True):
    """What the member may do from now on."""

    role: GivenRole


@query(OF_PROJECT, needs="projects:read", answers=Page[MemberView], tags=["projects"])
async def list_project_members(request: Req, project_id: FromPath[UUID]) -> Response[bytes]:
    """The members of a project, in the order they came; a hundred at most."""
    return await _members(request, Kind.PROJECT, project_id)


@query(OF_TEAM, needs="teams:read", answers=Page[MemberView], tags=["teams"])
async def list_team_members(request: Req, team_id: FromPath[UUID]) -> Response[bytes]:
    """The members of a team, in the order they came; a hundred at most."""
    return await _members(request, Kind.TEAM, team_id)


@query(OF_PROJECT + "/{user_id:uuid}", needs="projects:read", answers=OneMember, tags=["projects"])
async def get_project_member(request: Req, project_id: FromPath[UUID], user_id: FromPath[UUID]) -> Response[bytes]:
    """One member of a project."""
    return await _member(request, Kind.PROJECT, project_id, user_id)


@query(OF_TEAM + "/{user_id:uuid}", needs="teams:read", answers=OneMember, tags=["teams"])
async def get_team_member(request: Req, team_id: FromPath[UUID], user_id: FromPath[UUID]) -> Response[bytes]:
    """One member of a team."""
    return await _member(request, Kind.TEAM, team_id, user_id)


@command(OF_PROJECT, needs="projects:manage", status=201, answers=MemberNow, tags=["projects"], exists=project_is_there)
async def add_project_member(request: Req, project_id: FromPath[UUID], data: JSONBody[NewMember]) -> Response[bytes]:
    """Make somebody who has an account a member of a project."""
    return await _add(request, Kind.PROJECT, project_id, data)


@command(OF_TEAM, needs="teams:manage", status=201, answers=MemberNow, tags=["teams"], exists=team_is_there)
async def add_team_member(request: Req, team_id: FromPath[UUID], data: JSONBody[NewMember]) -> Response[bytes]:
    """Make somebody who has an account a member of a team."""
    return await _add(request, Kind.TEAM, team_id, data)


@change(OF_PROJECT + "/{user_id:uuid}", needs="projects:manage", answers=MemberNow, tags=["projects"], exists=project_is_there)
async def change_project_member(request: Req, project_id: FromPath[UUID], user_id: FromPath[UUID], data: JSONBody[MemberRoleBody]) -> Response[bytes]:
    """Let a member of a project do more or less."""
    return await _change(request, Kind.PROJECT, project_id, user_id, data)


@change(OF_TEAM + "/{user_id:uuid}", needs="teams:manage", answers=MemberNow, tags=["teams"], exists=team_is_there)
async def change_team_member(request: Req, team_id: FromPath[UUID], user_id: FromPath[UUID], data: JSONBody[MemberRoleBody]) -> Response[bytes]:
    """Let a member of a team do more or less."""
    return await _change(request, Kind.TEAM, team_id, user_id, data)


@remove(OF_PROJECT + "/{user_id:uuid}", needs="projects:read", tags=["projects"])
async def remove_project_member(request: Req, project_id: FromPath[UUID], user_id: FromPath[UUID]) -> Response[None]:
    """Leave a project, or send a member away: that needs `projects:manage`, and so does a key or token with scopes."""
    wish = RemoveMember(kind=Kind.PROJECT, circle_id=project_id, user_id=user_id, if_match=if_match(request))
    return await carry_out_silently(request, wish)


@remove(OF_TEAM + "/{user_id:uuid}", needs="teams:read", tags=["teams"])
async def remove_team_member(request: Req, team_id: FromPath[UUID], user_id: FromPath[UUID]) -> Response[None]:
    """Leave a team, or send a member away: that needs `teams:manage`, and so does a key or token with scopes."""
    return await carry_out_silently(request, RemoveMember(kind=Kind.TEAM, circle_id=team_id, user_id=user_id, if_match=if_match(request)))


async def _members(request: Req, kind: Kind, circle_id: UUID) -> Response[bytes]:
    known = parts(request)
    circle, role = await must_see_circle(request, kind, circle_id)
    names = await names_of(known.tables, known.names, viewer_with(request, role), list(circle.members))
    members = [MemberView(user, names.get(user, ""), role) for user, role in circle.members.items()]
    return page(request, members, position=(await known.log.load(type(circle), circle_id))[1])


async def _member(request: Req, kind: Kind, circle_id: UUID, user_id: UUID) -> Response[bytes]:
    known = parts(request)
    circle, role = await must_see_circle(request, kind, circle_id)
    if user_id not in circle.members:
        raise NotFound
    names = await names_of(known.tables, known.names, viewer_with(request, role), [user_id])
    shown = OneMember(user_id, names.get(user_id, ""), circle.members[user_id], circle.version)
    return one(request, shown, version=circle.version, position=(await known.log.load(type(circle), circle_id))[1])


async def _add(request: Req, kind: Kind, circle_id: UUID, data: NewMember) -> Response[bytes]:
    wish = AddMember(kind=kind, circle_id=circle_id, user_id=data.user_id, role=MemberRole(data.role))
    return await carry_out(request, wish, MemberNow, status=201, location=f"/api/v1/{kind}s/{circle_id}/members/")


async def _change(request: Req, kind: Kind, circle_id: UUID, user_id: UUID, data: MemberRoleBody) -> Response[bytes]:
    wish = ChangeMemberRole(kind=kind, circle_id=circle_id, user_id=user_id, role=MemberRole(data.role), if_match=if_match(request))
    return await carry_out(request, wish, MemberNow)
