"""Members of projects and teams: who comes, who may what, who goes, and whose it is."""

from uuid import UUID

from application.projects import names
from application.projects.access import SHAPES, must_be_there, must_see, role_in, run
from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.projects.circle import Circle
from domain.projects.kind import Kind
from domain.projects.project import Project
from domain.projects.role import MemberRole


class AddMember(Command, frozen=True):
    """Make somebody who has an account a member."""

    kind: Kind
    circle_id: UUID
    user_id: UUID
    role: MemberRole


class ChangeMemberRole(Command, frozen=True):
    """Let a member do more or less."""

    kind: Kind
    circle_id: UUID
    user_id: UUID
    role: MemberRole


class RemoveMember(Command, frozen=True):
    """Send a member away, or leave."""

    kind: Kind
    circle_id: UUID
    user_id: UUID


class GiveToMember(Command, frozen=True):
    """Let a project or a team belong to somebody else."""

    kind: Kind
    circle_id: UUID
    user_id: UUID


@handles(AddMember)
async def add_member(command: AddMember, ports: Ports) -> Circle:
    """Raises `NotFound`, `Forbidden`, `Invalid`, `ProjectArchived`, `AlreadyMember`, `TooManyMembers`."""
    after = await run(
        ports,
        SHAPES[command.kind],
        command.circle_id,
        lambda circle: circle.add_member(command.user_id, command.role, ports.now),
        MemberRole.MANAGER,
    )
    await must_be_there(ports, command.user_id)
    return after


@handles(ChangeMemberRole)
async def change_member_role(command: ChangeMemberRole, ports: Ports) -> Circle:
    """Raises `NotFound` (also for who is no member), `Forbidden`, `Invalid`, `ProjectArchived`, `OwnerNeeded`."""
    return await run(
        ports,
        SHAPES[command.kind],
        command.circle_id,
        lambda circle: circle.change_role(command.user_id, command.role, ports.now),
        MemberRole.MANAGER,
    )


@handles(RemoveMember)
async def remove_member(command: RemoveMember, ports: Ports) -> Circle:
    """Whoever sees it may leave. Raises `NotFound` (also for who is no member), `Forbidden`, `ProjectArchived`, `OwnerNeeded`."""
    shape = SHAPES[command.kind]
    if command.user_id != ports.caller.id:
        return await run(ports, shape, command.circle_id, lambda circle: circle.remove_member(command.user_id, ports.now), MemberRole.MANAGER)
    must(ports.caller, f"{command.kind}s:manage")
    circle = await ports.log.load(shape, command.circle_id)
    must_see(circle, await role_in(circle, ports), ports.caller, command.kind)
    return ports.log.begin(circle, *circle.remove_member(command.user_id, ports.now))


@handles(GiveToMember)
async def give_to_member(command: GiveToMember, ports: Ports) -> Circle:
    """Raises `NotFound`, `Forbidden`, `Invalid`, `ProjectArchived`, `TooManyMembers`, and `NameTaken` where the new owner has one of this name."""
    shape = SHAPES[command.kind]
    before = await ports.log.load(shape, command.circle_id)
    after = await run(ports, shape, command.circle_id, lambda circle: circle.give_to(command.user_id, ports.now), MemberRole.OWNER)
    await must_be_there(ports, command.user_id)
    if isinstance(before, Project) and isinstance(after, Project):
        names.follow(ports, before, after)
    return after
