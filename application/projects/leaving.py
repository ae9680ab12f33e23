"""What becomes of the projects and teams of a person who was erased: they leave, and what they owned is somebody else's, or deleted."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from application.projects import names
from application.projects.access import SHAPES
from application.projects.invitation import end
from application.projects.project import hide
from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from application.shared.reaction import reacts
from domain.identity.events import UserErased, UserForgotten
from domain.projects.account import Account
from domain.projects.circle import Circle
from domain.projects.events import ProjectEdited, ProjectFields
from domain.projects.invitation import Invitation
from domain.projects.membership import Membership
from domain.projects.project import Project
from domain.shared.event import Recorded

PARTS: Final = 20
"""Commands among which somebody's projects and teams are dealt out: none must take two seconds (mechanisms A12), however many there are."""


class LeaveEverything(Command, frozen=True):
    """Take an erased account out of what it was a member of, as known at the position `seen` of the log or later: out of one `part` of it."""

    user_id: UUID
    seen: int
    part: int = 0
    parts: int = 1


@handles(LeaveEverything)
async def leave_everything(command: LeaveEverything, ports: Ports) -> None:
    """Done again, it finds nothing left to do. Raises `InsufficientRole`, `Unavailable` until what they belong to is known."""
    must(ports.caller, "projects:leave-everything")  # Nobody's: only Daybook itself does it.
    if (await ports.log.load(Account, command.user_id)).registered:
        return
    for circle_id in await ports.outside.remains.circles_of(command.user_id, seen=command.seen):
        if circle_id.int % command.parts != command.part:
            continue
        kind = (await ports.log.load(Membership, circle_id)).kind
        if kind is not None:
            await _leave(ports, await ports.log.load(SHAPES[kind], circle_id), command.user_id)
    for invitation_id in await ports.outside.remains.invitations_of(command.user_id, seen=command.seen):
        if invitation_id.int % command.parts != command.part:
            continue
        invitation = await ports.log.load(Invitation, invitation_id)
        await end(ports, invitation, invitation.revoke(ports.now))


async def _leave(ports: Ports, circle: Circle, user_id: UUID) -> None:
    heir = await _heir(ports, circle) if user_id == circle.owner_id else None
    if isinstance(circle, Project) and user_id == circle.owner_id:
        await _bequeath(ports, circle, heir)
    else:
        ports.log.stage(circle, *circle.lose(user_id, heir, ports.now))


async def _bequeath(ports: Ports, project: Project, heir: UUID | None) -> None:
    """The name goes with it, with a number behind it where the heir has one of this name."""
    if heir is None:
        if not project.deleted:
            await hide(ports, project)
        return
    after = ports.log.stage(project, *project.lose(project.owner_id or heir, heir, ports.now))
    if project.deleted or after.named_within == project.named_within:
        return
    names.release(ports, project)
    name = await names.free(ports, after)
    if name != after.name:
        fields = ProjectFields(name=after.name), ProjectFields(name=name)
        after = ports.log.stage(after, ProjectEdited(at=ports.now, project_id=after.id, before=fields[0], after=fields[1]))
    names.claim(ports, after)


async def _heir(ports: Ports, circle: Circle) -> UUID | None:
    for user_id in circle.heirs():
        if (await ports.log.load(Account, user_id)).is_there:
            return user_id
    return None


@reacts("projects.leaving", UserErased, UserForgotten)
def leaving(recorded: Recorded[Any]) -> Iterable[Command]:
    """At once, and once more when nobody can act for the account any more."""
    for part in range(PARTS):
        yield LeaveEverything(user_id=recorded.event.user_id, seen=recorded.position, part=part, parts=PARTS)
