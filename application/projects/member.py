"""Members of projects and teams: who comes, who may what, who goes, and whose it is."""

from uuid import UUID

import msgspec

from application.projects import names
from application.projects.access import SHAPES, must_be_there, must_reach, must_see, role_in, run
from application.shared.command import Command, handles
from application.shared.permissions import Reach, reach
from application.shared.ports import Ports
from application.shared.preconditions import must_be_version
from domain.projects.circle import Circle
from domain.projects.kind import Kind
from domain.projects.project import Project
from domain.projects.role import MemberRole
from domain.shared.event import Event
from domain.shared.refused import Forbidden


class MemberNow(msgspec.Struct, frozen=True):
    """A member after a command: `id` is the account, `version` the one of the project or team."""

    id: UUID
    role: MemberRole
    version: int


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
    if_match: int | None = None


class RemoveMember(Command, frozen=True):
    """Send a member away, or leave."""

    kind: Kind
    circle_id: UUID
    user_id: UUID
    if_match: int | None = None


class GiveToMember(Command, frozen=True):
    """Let a project or a team belong to somebody else."""

    kind: Kind
    circle_id: UUID
    user_id: UUID


@handles(AddMember)
async def add_member(command: AddMember, ports: Ports) -> MemberNow:
    """Raises `NotFound`, `Forbidden`, `Invalid`, `ProjectArchived`, `AlreadyMember`, `TooManyMembers`."""

    def decide(circle: Circle) -> list[Event]:
        return circle.add_member(command.user_id, command.role, ports.now)

    after = await run(ports, SHAPES[command.kind], command.circle_id, decide, MemberRole.MANAGER)
    await must_be_there(ports, command.user_id)
    return _now(after, command.user_id)


@handles(ChangeMemberRole)
async def change_member_role(command: ChangeMemberRole, ports: Ports) -> MemberNow:
    """Raises `NotFound` (also for who is no member), `Forbidden`, `Invalid`, `PreconditionFailed`, `ProjectArchived`, `OwnerNeeded`."""

    def decide(circle: Circle) -> list[Event]:
        return circle.change_role(command.user_id, command.role, ports.now)

    after = await run(ports, SHAPES[command.kind], command.circle_id, decide, MemberRole.MANAGER, command.if_match)
    return _now(after, command.user_id)


@handles(RemoveMember)
async def remove_member(command: RemoveMember, ports: Ports) -> None:
    """Whoever is a member may leave, guests too; what acts for somebody by scopes needs the one to manage. Raises `NotFound` (also for who is
    no member), `InsufficientScope`, `Forbidden`, `PreconditionFailed`, `ProjectArchived`, `OwnerNeeded`.
    """
    caller, shape = ports.caller, SHAPES[command.kind]
    circle = await ports.log.load(shape, command.circle_id)
    role = await role_in(circle, ports)
    must_see(circle, role, caller, command.kind)
    if command.user_id != caller.id or caller.scopes is not None:
        if caller.scopes is None and reach(caller, f"{command.kind}s:manage") is Reach.NONE:
            raise Forbidden
        must_reach(circle, role, caller, MemberRole.VIEWER if command.user_id == caller.id else MemberRole.MANAGER)
    must_be_version(circle.version, command.if_match)
    ports.log.stage(circle, *circle.remove_member(command.user_id, ports.now))


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


def _now(circle: Circle, user_id: UUID) -> MemberNow:
    return MemberNow(user_id, circle.members[user_id], circle.version)
