"""Invitations by mail: for who runs a project or team, and for who was invited."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, LiteralString
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, PathParameter
from msgspec import Meta

from api.projects.member import GivenRole
from api.projects.views import must_see_circle, project_is_there, team_is_there
from api.shared.access import caller
from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import command, query, remove
from application.projects.access import SHAPES, must_reach
from application.projects.invitation import AcceptInvitation, DeclineInvitation, Invite, RevokeInvitation
from application.shared.link_token import LONGEST
from domain.identity.person import ERASED, LONGEST_EMAIL
from domain.identity.user import User
from domain.projects.invitation import Invitation
from domain.projects.kind import Kind
from domain.projects.role import MemberRole
from domain.shared.aggregate import NOBODY
from domain.shared.refused import NotFound
from projections.identity.masking import Viewer
from projections.identity.people import names_of
from projections.projects.invitations import INVITATIONS, InvitationRow
from projections.projects.projects import PROJECTS
from projections.projects.teams import TEAMS
from projections.shared.reading import LAST_ID, Freshness, SeenMany

OF_PROJECT = "/api/v1/projects/{project_id:uuid}/invitations"
OF_TEAM = "/api/v1/teams/{team_id:uuid}/invitations"
MINE = "/api/v1/invitations"
LIMIT = "invitation"
Token = Annotated[str, PathParameter(max_length=LONGEST, description="The word in the mail; or the invitation's id, once one's address is proved.")]


class NewInvitation(Body, frozen=True, kw_only=True):
    """Whom to invite, and what they may do once they are a member."""

    email: Annotated[str, Meta(min_length=3, max_length=LONGEST_EMAIL, examples=["ada@example.org"])]
    role: GivenRole = GivenRole.MEMBER


class InvitationSent(msgspec.Struct, frozen=True):
    """An invitation that was sent, as of `version`."""

    id: UUID
    version: int
    kind: Kind
    target_id: UUID
    role: MemberRole
    expires_at: datetime


class InvitationAnswered(msgspec.Struct, frozen=True):
    """An invitation that was answered: to what, and whether the caller is a member now."""

    id: UUID
    version: int
    kind: Kind
    target_id: UUID
    accepted: bool


class InvitationView(msgspec.Struct, frozen=True):
    """An invitation. `status`: pending, accepted, declined, revoked, expired; `email` is null once it is over, `name` what it is to."""

    id: UUID
    version: int
    kind: Kind
    target_id: UUID
    name: str | None
    role: MemberRole
    status: str
    email: str | None
    inviter_id: UUID
    inviter_name: str | None
    sent_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@command(OF_PROJECT, limit=LIMIT, needs="projects:manage", status=201, answers=InvitationSent, tags=["projects"], exists=project_is_there)
async def invite_to_project(request: Req, project_id: FromPath[UUID], data: JSONBody[NewInvitation]) -> Response[bytes]:
    """Invite somebody to a project by mail, for seven days; the same once more is the same invitation."""
    return await _invite(request, Kind.PROJECT, project_id, data)


@command(OF_TEAM, limit=LIMIT, needs="teams:manage", status=201, answers=InvitationSent, tags=["teams"], exists=team_is_there)
async def invite_to_team(request: Req, team_id: FromPath[UUID], data: JSONBody[NewInvitation]) -> Response[bytes]:
    """Invite somebody to a team by mail, for seven days; the same once more is the same invitation."""
    return await _invite(request, Kind.TEAM, team_id, data)


@query(OF_PROJECT, needs="projects:manage", answers=Page[InvitationView], tags=["projects"])
async def list_project_invitations(
    request: Req, project_id: FromPath[UUID], fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """Invitations to a project, newest first; for who runs it."""
    await _must_run(request, Kind.PROJECT, project_id)
    return await _list(request, fresh, "target_id = %b", [project_id], limit, cursor)


@query(OF_TEAM, needs="teams:manage", answers=Page[InvitationView], tags=["teams"])
async def list_team_invitations(
    request: Req, team_id: FromPath[UUID], fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """Invitations to a team, newest first; for who runs it."""
    await _must_run(request, Kind.TEAM, team_id)
    return await _list(request, fresh, "target_id = %b", [team_id], limit, cursor)


@query(OF_PROJECT + "/{invitation_id:uuid}", needs="projects:manage", answers=InvitationView, tags=["projects"])
async def get_project_invitation(
    request: Req, project_id: FromPath[UUID], invitation_id: FromPath[UUID], fresh: NamedDependency[Freshness]
) -> Response[bytes]:
    """One invitation to a project."""
    await _must_run(request, Kind.PROJECT, project_id)
    return await _one(request, project_id, invitation_id, fresh)


@query(OF_TEAM + "/{invitation_id:uuid}", needs="teams:manage", answers=InvitationView, tags=["teams"])
async def get_team_invitation(
    request: Req, team_id: FromPath[UUID], invitation_id: FromPath[UUID], fresh: NamedDependency[Freshness]
) -> Response[bytes]:
    """One invitation to a team."""
    await _must_run(request, Kind.TEAM, team_id)
    return await _one(request, team_id, invitation_id, fresh)


@remove(OF_PROJECT + "/{invitation_id:uuid}", needs="projects:manage", tags=["projects"])
async def revoke_project_invitation(request: Req, project_id: FromPath[UUID], invitation_id: FromPath[UUID]) -> Response[None]:
    """Take an invitation to a project back."""
    return await carry_out_silently(request, RevokeInvitation(kind=Kind.PROJECT, circle_id=project_id, invitation_id=invitation_id))


@remove(OF_TEAM + "/{invitation_id:uuid}", needs="teams:manage", tags=["teams"])
async def revoke_team_invitation(request: Req, team_id: FromPath[UUID], invitation_id: FromPath[UUID]) -> Response[None]:
    """Take an invitation to a team back."""
    return await carry_out_silently(request, RevokeInvitation(kind=Kind.TEAM, circle_id=team_id, invitation_id=invitation_id))


@query(MINE, needs="self:read", answers=Page[InvitationView], tags=["projects"])
async def list_my_invitations(request: Req, fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None) -> Response[bytes]:
    """What the caller is invited to and has not answered, newest first; empty until one's e-mail address is proved."""
    known = parts(request)
    user, _ = await known.log.load(User, caller(request).id or NOBODY)
    (email,) = await known.names.open(user.id, user.email) if user.verified else ("",)
    sought = [known.sealing.hmac("email", email).hex(), known.log.now()]
    return await _list(request, fresh, "email_hash = %b and status = 'pending' and expires_at > %b", sought, limit, cursor)


@command(MINE + "/{token:str}/accept", needs="self:write", answers=InvitationAnswered, tags=["projects"])
async def accept_invitation(request: Req, token: Token) -> Response[bytes]:
    """Become a member of what one is invited to; for the person whose e-mail address it went to."""
    return await carry_out(request, AcceptInvitation(token=token), InvitationAnswered, of=Invitation)


@command(MINE + "/{token:str}/decline", needs="self:write", answers=InvitationAnswered, tags=["projects"])
async def decline_invitation(request: Req, token: Token) -> Response[bytes]:
    """Say no to an invitation; for the person whose e-mail address it went to."""
    return await carry_out(request, DeclineInvitation(token=token), InvitationAnswered, of=Invitation)


async def _invite(request: Req, kind: Kind, circle_id: UUID, data: NewInvitation) -> Response[bytes]:
    wish = Invite(kind=kind, circle_id=circle_id, email=data.email, role=MemberRole(data.role))
    return await carry_out(request, wish, InvitationSent, of=Invitation, status=201, location=f"/api/v1/{kind}s/{circle_id}/invitations/")


async def _must_run(request: Req, kind: Kind, circle_id: UUID) -> None:
    """Raises `NotFound`, and `Forbidden` for members who do not run it."""
    _, role = await must_see_circle(request, kind, circle_id)
    circle, _ = await parts(request).log.load(SHAPES[kind], circle_id)
    must_reach(circle, role, caller(request), MemberRole.MANAGER)


async def _list(request: Req, fresh: Freshness, where: LiteralString, arguments: list[Any], limit: int | None, cursor: str | None) -> Response[bytes]:
    most = limit or DEFAULT_LIMIT
    (before,) = read_cursor(request, cursor, tuple[UUID]) or (LAST_ID,)
    rest: LiteralString = f"where {where} and id < %b order by id desc limit %b"
    seen: SeenMany[InvitationRow] = await parts(request).tables.many(INVITATIONS, rest, (*arguments, before, most + 1), fresh)
    rows = seen.rows[:most]
    following = write_cursor(request, rows[-1].id) if len(seen.rows) > most else None
    shown = await _views(request, rows)
    return page(request, shown, position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


async def _one(request: Req, circle_id: UUID, invitation_id: UUID, fresh: Freshness) -> Response[bytes]:
    seen = await parts(request).tables.one(INVITATIONS, invitation_id, fresh)
    if seen.row is None or seen.row.target_id != circle_id:
        raise NotFound
    (shown,) = await _views(request, [seen.row])
    return one(request, shown, version=seen.row.version, position=seen.position, stale=seen.stale)


async def _views(request: Req, rows: Sequence[InvitationRow]) -> list[InvitationView]:
    """With what they are to and who sent them, by name: whoever may see an invitation may know that."""
    known, stale = parts(request), Freshness(allow_stale=True)
    if not rows:
        return []
    targets = [row.target_id for row in rows]
    circles: list[Any] = [*(await known.tables.many(PROJECTS, "where id = any(%b)", (targets,), stale)).rows]
    circles += (await known.tables.many(TEAMS, "where id = any(%b)", (targets,), stale)).rows
    called = {circle.id: circle.name for circle in circles}
    names = await names_of(known.tables, known.names, Viewer(None, sees_everybody=True), list({row.inviter_id for row in rows}))
    emails = await asyncio.gather(*(known.names.open(row.id, row.email) for row in rows))
    return [
        InvitationView(
            id=row.id,
            version=row.version,
            kind=Kind(row.kind),
            target_id=row.target_id,
            name=called.get(row.target_id),
            role=MemberRole(row.role),
            status=row.status,
            email=email if row.email and email != ERASED else None,
            inviter_id=row.inviter_id,
            inviter_name=names.get(row.inviter_id),
            sent_at=row.sent_at,
            expires_at=row.expires_at,
            ended_at=row.ended_at,
        )
        for row, (email,) in zip(rows, emails, strict=True)
    ]
