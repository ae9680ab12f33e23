"""Creating, editing, moving on, deleting and restoring projects."""

from uuid import UUID

from application.projects import names
from application.projects.access import must_dispose, must_reach, role_in, run
from application.shared.command import Command, handles
from application.shared.permissions import Reach, must, reach
from application.shared.ports import Ports
from application.shared.preconditions import must_be_version
from domain.projects.events import ProjectFields
from domain.projects.project import Project
from domain.projects.role import MemberRole
from domain.projects.status import ProjectStatus
from domain.projects.team import Roster, Team, roster_stream
from domain.shared.fields import invalid
from domain.shared.refused import Forbidden


class CreateProject(Command, frozen=True):
    """A new project of the caller, in a team where one is named."""

    fields: ProjectFields
    team_id: UUID | None = None
    status: ProjectStatus = ProjectStatus.PLANNING


class EditProject(Command, frozen=True):
    """Change some fields of a project."""

    project_id: UUID
    changes: ProjectFields
    if_match: int | None = None


class ChangeProjectStatus(Command, frozen=True):
    """Let a project stand elsewhere."""

    project_id: UUID
    status: ProjectStatus
    reason: str | None = None


class DeleteProject(Command, frozen=True):
    """Hide a project from everybody; its name is free."""

    project_id: UUID
    if_match: int | None = None


class RestoreProject(Command, frozen=True):
    """Bring a deleted project back."""

    project_id: UUID


@handles(CreateProject)
async def create_project(command: CreateProject, ports: Ports) -> Project:
    """Raises `InsufficientRole`, `Forbidden`, `Invalid`, `NameTaken`, `TooManyProjects`."""
    must(ports.caller, "projects:create")
    if ports.caller.id is None:
        raise Forbidden
    project = Project(id=ports.new_id())
    facts = project.create(ports.caller.id, command.team_id, command.fields, command.status, ports.now)
    if command.team_id is not None:
        await _must_run_team(ports, command.team_id)
    made = ports.log.stage(project, *facts)
    names.claim(ports, made)
    await _enter(ports, made)
    return made


@handles(EditProject)
async def edit_project(command: EditProject, ports: Ports) -> Project:
    """Raises `NotFound`, `Forbidden`, `Invalid`, `PreconditionFailed`, `ProjectArchived`, `NameTaken`."""
    before = await ports.log.load(Project, command.project_id)
    after = await run(
        ports, Project, command.project_id, lambda project: project.edit(command.changes, ports.now), MemberRole.MANAGER, command.if_match
    )
    names.follow(ports, before, after)
    return after


@handles(ChangeProjectStatus)
async def change_project_status(command: ChangeProjectStatus, ports: Ports) -> Project:
    """Raises `NotFound`, `Forbidden`, `Invalid`, `InvalidTransition`."""
    return await run(ports, Project, command.project_id, lambda project: project.stand(command.status, command.reason, ports.now), MemberRole.MANAGER)


@handles(DeleteProject)
async def delete_project(command: DeleteProject, ports: Ports) -> Project:
    """Raises `NotFound` (also the second time), `Forbidden`, `PreconditionFailed`."""
    project = await ports.log.load(Project, command.project_id)
    must_reach(project, await role_in(project, ports), ports.caller, MemberRole.OWNER)
    must_be_version(project.version, command.if_match)
    return await hide(ports, project)


@handles(RestoreProject)
async def restore_project(command: RestoreProject, ports: Ports) -> Project:
    """Raises `NotFound`, `NameTaken` and `TooManyProjects` where others took its place meanwhile."""
    project = await ports.log.load(Project, command.project_id)
    must_dispose(project, ports.caller)
    facts = project.restore(ports.now)
    if facts:
        names.claim(ports, project)
        await _enter(ports, project)
    return ports.log.stage(project, *facts)


async def hide(ports: Ports, project: Project) -> Project:
    """Delete a project, its name and its place in the team's roster."""
    names.release(ports, project)
    if project.team_id is not None:
        roster = await ports.log.load(Roster, roster_stream(project.team_id))
        ports.log.stage(roster, *roster.strike(project.team_id, project.id, ports.now))
    return ports.log.stage(project, *project.delete(ports.now))


async def _enter(ports: Ports, project: Project) -> None:
    if project.team_id is not None:
        roster = await ports.log.load(Roster, roster_stream(project.team_id))
        ports.log.stage(roster, *roster.enter(project.team_id, project.id, ports.now))


async def _must_run_team(ports: Ports, team_id: UUID) -> None:
    team = await ports.log.load(Team, team_id)
    role, everywhere = team.role_of(ports.caller.id), reach(ports.caller, "projects:manage") is Reach.ALL
    if not team.exists or (role is None and not everywhere):
        raise invalid("/team_id", "unknown_team", "There is no such team.")
    if not everywhere and (role is None or not role.reaches(MemberRole.MANAGER)):
        raise Forbidden("Projects of a team are created by those who run it.", needs=MemberRole.MANAGER)
