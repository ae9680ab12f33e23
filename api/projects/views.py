"""Projects and teams as clients see them, and whether they are there for the caller."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from api.shared.access import caller
from api.shared.parts import parts
from api.shared.request import Req
from application.projects.access import must_see
from application.shared.seats import seated
from domain.projects.kind import Kind
from domain.projects.limits import CATEGORY, DESCRIPTION, NAME, REASON, SHORTEST_NAME
from domain.projects.membership import Membership
from domain.projects.role import MemberRole
from domain.projects.status import ProjectStatus
from domain.shared.fields import TAG, TAGS
from domain.shared.priority import Priority
from projections.identity.masking import Viewer

Name = Annotated[str, Meta(min_length=SHORTEST_NAME, max_length=NAME, examples=["Botanical garden"])]
Description = Annotated[str, Meta(max_length=DESCRIPTION)]
Category = Annotated[str, Meta(max_length=CATEGORY)]
Tags = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=TAG, pattern="^[^,]*$")], ...], Meta(max_length=TAGS)]
Why = Annotated[str, Meta(max_length=REASON)]


class ProjectView(msgspec.Struct, frozen=True):
    """A project. After a command it also carries `position`."""

    id: UUID
    version: int
    name: str
    description: str | None
    status: ProjectStatus
    team_id: UUID | None
    owner_id: UUID
    member_ids: list[UUID]
    start_date: date | None
    end_date: date | None
    category: str | None
    tags: list[str]
    priority: Priority
    settings: Any
    custom_data: Any
    created_at: datetime
    updated_at: datetime


class TeamView(msgspec.Struct, frozen=True):
    """A team. After a command it also carries `position`."""

    id: UUID
    version: int
    name: str
    description: str | None
    owner_id: UUID
    member_ids: list[UUID]
    created_at: datetime
    updated_at: datetime


def project_view(row: Any) -> ProjectView:
    """A row as a view."""
    return msgspec.convert(row, ProjectView, from_attributes=True)


def team_view(row: Any) -> TeamView:
    """A row as a view."""
    return msgspec.convert(row, TeamView, from_attributes=True)


async def must_see_circle(request: Req, kind: Kind, circle_id: UUID) -> tuple[Membership, MemberRole | None]:
    """The members at this moment and the caller's role among them; raises `NotFound` unless the caller may see it."""
    log, who = parts(request).log, caller(request)

    async def load(membership_id: UUID) -> Membership:
        return (await log.load(Membership, membership_id))[0]

    circle, role = await seated(circle_id, who.id, load)
    must_see(circle, role, who, kind)
    return circle, role


def viewer_with(request: Req, role: MemberRole | None) -> Viewer:
    """Members know each other's names; auditors see them masked."""
    who = caller(request)
    return Viewer(who.id, who.is_admin or role is not None)


async def project_is_there(request: Req) -> None:
    """Raises `NotFound` unless the caller may see the project the address names."""
    await must_see_circle(request, Kind.PROJECT, request.path_params["project_id"])


async def team_is_there(request: Req) -> None:
    """Raises `NotFound` unless the caller may see the team the address names."""
    await must_see_circle(request, Kind.TEAM, request.path_params["team_id"])
