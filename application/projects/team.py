"""Creating, editing, deleting and restoring teams."""

from uuid import UUID

from msgspec import UNSET, UnsetType

from application.projects.access import must_dispose, run
from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.projects.role import MemberRole
from domain.projects.team import Team
from domain.shared.refused import Forbidden


class CreateTeam(Command, frozen=True):
    """A new team of the caller."""

    name: str
    description: str | None = None


class EditTeam(Command, frozen=True):
    """Change a team's name or description."""

    team_id: UUID
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    if_match: int | None = None


class DeleteTeam(Command, frozen=True):
    """Hide a team from everybody; its projects stay with their own members."""

    team_id: UUID
    if_match: int | None = None


class RestoreTeam(Command, frozen=True):
    """Bring a deleted team back."""

    team_id: UUID


@handles(CreateTeam)
async def create_team(command: CreateTeam, ports: Ports) -> Team:
    """Raises `InsufficientRole`, `Forbidden`, `Invalid`."""
    must(ports.caller, "teams:create")
    if ports.caller.id is None:
        raise Forbidden
    team = Team(id=ports.new_id())
    return ports.log.stage(team, *team.create(ports.caller.id, command.name, command.description, ports.now))


@handles(EditTeam)
async def edit_team(command: EditTeam, ports: Ports) -> Team:
    """Raises `NotFound`, `Forbidden`, `Invalid`, `PreconditionFailed`."""
    return await run(
        ports, Team, command.team_id, lambda team: team.edit(command.name, command.description, ports.now), MemberRole.MANAGER, command.if_match
    )


@handles(DeleteTeam)
async def delete_team(command: DeleteTeam, ports: Ports) -> Team:
    """Raises `NotFound` (also the second time), `Forbidden`, `PreconditionFailed`."""
    return await run(ports, Team, command.team_id, lambda team: team.delete(ports.now), MemberRole.OWNER, command.if_match)


@handles(RestoreTeam)
async def restore_team(command: RestoreTeam, ports: Ports) -> Team:
    """Raises `NotFound`."""
    team = await ports.log.load(Team, command.team_id)
    must_dispose(team, ports.caller)
    return ports.log.stage(team, *team.restore(ports.now))
