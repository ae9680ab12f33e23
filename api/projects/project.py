"""Single projects."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.projects.views import Category, Description, Name, ProjectView, Tags, Why, must_see_circle, project_is_there, project_view
from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently, if_match
from api.shared.parts import parts
from api.shared.past import AsOf, row_as_of
from api.shared.querying import one
from api.shared.request import Req
from api.shared.routing import change, command, query, remove, replace
from application.projects.member import GiveToMember
from application.projects.project import ChangeProjectStatus, CreateProject, DeleteProject, EditProject, RestoreProject
from domain.projects.events import ProjectFields
from domain.projects.kind import Kind
from domain.projects.project import Project
from domain.projects.status import ProjectStatus
from domain.shared.priority import Priority
from domain.shared.refused import NotFound
from domain.shared.word import Word
from projections.projects.projects import PROJECTS
from projections.shared.reading import Freshness

ALL = "/api/v1/projects"
ONE = "/api/v1/projects/{project_id:uuid}"
Json = Annotated[dict[str, Any], Meta(description="At most 16 KiB as JSON.")]


class FirstStatus(Word):
    """Where a project may begin, in any case."""

    PLANNING = "planning"
    ACTIVE = "active"


class NewProject(Body, frozen=True, kw_only=True):
    """A project to create, of a team where one is named; its name is the only one of its kind there, or with its owner."""

    name: Name
    description: Description | None = None
    team_id: UUID | None = None
    status: FirstStatus = FirstStatus.PLANNING
    start_date: date | None = None
    end_date: date | None = None
    category: Category | None = None
    tags: Tags = ()
    priority: Priority = Priority.MEDIUM
    settings: Json = msgspec.field(default_factory=dict)
    custom_data: Json = msgspec.field(default_factory=dict)


class ProjectChanges(Body, frozen=True, kw_only=True):
    """A JSON merge patch (RFC 7396) of the fields: what is left out stays, null clears, also inside `settings` and `custom_data`."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    start_date: date | UnsetType | None = UNSET
    end_date: date | UnsetType | None = UNSET
    category: Category | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    settings: Json | UnsetType = UNSET
    custom_data: Json | UnsetType = UNSET


class StatusBody(Body, frozen=True, kw_only=True):
    """Where the project stands from now on, and why."""

    status: ProjectStatus
    reason: Why | None = None


class WhyBody(Body, frozen=True, kw_only=True):
    """Why."""

    reason: Why | None = None


class NewOwner(Body, frozen=True, kw_only=True):
    """Whose it is from now on."""

    user_id: UUID


@command(ALL, needs="projects:create", status=201, answers=ProjectView, tags=["projects"])
async def create_project(request: Req, data: JSONBody[NewProject]) -> Response[bytes]:
    """Create a project; who creates it owns it. Projects of a team are created by those who run the team."""
    fields = ProjectFields(**{name: getattr(data, name) for name in ProjectFields.__struct_fields__})
    wish = CreateProject(fields=fields, team_id=data.team_id, status=ProjectStatus(data.status))
    return await carry_out(request, wish, ProjectView, of=Project, status=201, location=f"{ALL}/")


@query(ONE, needs="projects:read", answers=ProjectView, tags=["projects"])
async def get_project(request: Req, project_id: FromPath[UUID], fresh: NamedDependency[Freshness], as_of: AsOf = None) -> Response[bytes]:
    """Read a project, as new as its newest event, or as it was."""
    await must_see_circle(request, Kind.PROJECT, project_id)
    seen = await parts(request).tables.one(PROJECTS, project_id, fresh)
    if as_of is not None and seen.row is not None and not seen.row.deleted:
        seen = await row_as_of(request, PROJECTS, project_id, as_of, seen.row.version)
    if seen.row is None or seen.row.deleted:
        raise NotFound
    return one(request, project_view(seen.row), version=seen.row.version, position=seen.position, stale=seen.stale)


@change(ONE, needs="projects:manage", answers=ProjectView, tags=["projects"], exists=project_is_there)
async def edit_project(request: Req, project_id: FromPath[UUID], data: JSONBody[ProjectChanges]) -> Response[bytes]:
    """Change some fields of a project."""
    return await _edit(request, project_id, data)


@replace(ONE, needs="projects:manage", answers=ProjectView, tags=["projects"], exists=project_is_there)
async def put_project(request: Req, project_id: FromPath[UUID], data: JSONBody[ProjectChanges]) -> Response[bytes]:
    """Change some fields of a project (PUT means the same as PATCH)."""
    return await _edit(request, project_id, data)


async def _edit(request: Req, project_id: UUID, data: ProjectChanges) -> Response[bytes]:
    changes = ProjectFields(**{name: getattr(data, name) for name in data.__struct_fields__})
    return await carry_out(request, EditProject(project_id=project_id, changes=changes, if_match=if_match(request)), ProjectView, of=Project)


@remove(ONE, needs="projects:manage", tags=["projects"])
async def delete_project(request: Req, project_id: FromPath[UUID]) -> Response[None]:
    """Hide a project; its name is free, its history stays."""
    return await carry_out_silently(request, DeleteProject(project_id=project_id, if_match=if_match(request)))


@command(f"{ONE}/restore", needs="projects:manage", answers=ProjectView, tags=["projects"])
async def restore_project(request: Req, project_id: FromPath[UUID]) -> Response[bytes]:
    """Bring a deleted project back; for its owner and administrators."""
    return await carry_out(request, RestoreProject(project_id=project_id), ProjectView, of=Project)


@command(f"{ONE}/status", needs="projects:manage", answers=ProjectView, tags=["projects"], exists=project_is_there)
async def change_project_status(request: Req, project_id: FromPath[UUID], data: JSONBody[StatusBody]) -> Response[bytes]:
    """Let a project stand elsewhere; 409 `invalid_transition` names `from`, `to` and what is `allowed`."""
    return await carry_out(request, ChangeProjectStatus(project_id=project_id, status=data.status, reason=data.reason), ProjectView, of=Project)


@command(f"{ONE}/archive", needs="projects:manage", answers=ProjectView, tags=["projects"], exists=project_is_there)
async def archive_project(request: Req, project_id: FromPath[UUID], data: JSONBody[WhyBody | None] = None) -> Response[bytes]:
    """Archive a project: nothing in it changes any more, for ever."""
    wish = ChangeProjectStatus(project_id=project_id, status=ProjectStatus.ARCHIVED, reason=None if data is None else data.reason)
    return await carry_out(request, wish, ProjectView, of=Project)


@command(f"{ONE}/owner", needs="projects:manage", answers=ProjectView, tags=["projects"], exists=project_is_there)
async def give_project(request: Req, project_id: FromPath[UUID], data: JSONBody[NewOwner]) -> Response[bytes]:
    """Let a project belong to somebody else; who owned it stays as a manager."""
    return await carry_out(request, GiveToMember(kind=Kind.PROJECT, circle_id=project_id, user_id=data.user_id), ProjectView, of=Project)
