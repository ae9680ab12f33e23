"""What people are told about projects and teams they belong to, and about what they are invited to."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from application.notifications.telling import News, tell
from application.shared.command import Command, handles
from application.shared.ports import Ports
from application.shared.reaction import reacts
from domain.notifications.called import Called
from domain.notifications.kind import Kind
from domain.projects import events as e
from domain.projects.membership import Membership
from domain.shared.event import Event, Recorded

CHANGES: Final[dict[type[Event], str]] = {
    e.ProjectEdited: "edited",
    e.ProjectStatusChanged: "status_changed",
    e.ProjectReowned: "reowned",
    e.ProjectDeleted: "deleted",
    e.ProjectRestored: "restored",
}
ONE: Final[dict[type[Event], str]] = {
    e.ProjectMemberAdded: "member_added",
    e.ProjectMemberRoleChanged: "role_changed",
    e.ProjectMemberRemoved: "member_removed",
    e.TeamMemberAdded: "member_added",
    e.TeamMemberRoleChanged: "role_changed",
    e.TeamMemberRemoved: "member_removed",
}
"""What concerns one member only."""


class NotifyOfProject(Command, frozen=True):
    """Tell the members of a project or team (of `team_id` where it says one), or `to` alone, what was done; never `actor_id`, who did it."""

    kind: Kind
    project_id: UUID
    actor_id: UUID | None = None
    team_id: UUID | None = None
    to: tuple[UUID, ...] = ()
    change: str | None = None
    facts: dict[str, Any] = msgspec.field(default_factory=dict)


@handles(NotifyOfProject)
async def notify_of_project(command: NotifyOfProject, ports: Ports) -> None:
    """Who lost their place is told so, too."""
    called = await ports.log.load(Called, command.project_id)
    if not called.name:
        return
    members: Iterable[UUID] = command.to
    if not members:
        members = (await ports.log.load(Membership, command.team_id or command.project_id)).members
    news = News(
        kind=command.kind,
        title=called.name,
        change=command.change,
        facts=command.facts,
        actor_id=command.actor_id,
        project_id=command.project_id,
    )
    await tell(ports, members, news)


@reacts("notifications.projects", e.ProjectCreated, *CHANGES, *ONE, e.MemberInvited)
def projects(recorded: Recorded[Any]) -> list[Command]:
    """A new project concerns others only where it is a team's."""
    event, actor_id, project_id = recorded.event, recorded.actor_id, recorded.stream_id
    match event:
        case e.ProjectCreated(team_id=team_id):
            wish = NotifyOfProject(kind=Kind.PROJECT_CREATED, project_id=project_id, actor_id=actor_id, team_id=team_id)
            return [] if team_id is None else [wish]
        case e.MemberInvited(invited_id=invited_id, target_id=target_id, inviter_id=inviter_id, role=role):
            facts = {"invitation_id": event.invitation_id, "role": role, "expires_at": event.expires_at}
            return (
                []
                if invited_id is None
                else [NotifyOfProject(kind=Kind.PROJECT_INVITATION, project_id=target_id, actor_id=inviter_id, to=(invited_id,), facts=facts)]
            )
    if type(event) in ONE:
        facts = {"role": event.role} if hasattr(event, "role") else {}
        wish = NotifyOfProject(
            kind=Kind.PROJECT_UPDATED, project_id=project_id, actor_id=actor_id, to=(event.user_id,), change=ONE[type(event)], facts=facts
        )
        return [] if event.user_id == actor_id else [wish]
    facts = _facts(event)
    return [NotifyOfProject(kind=Kind.PROJECT_UPDATED, project_id=project_id, actor_id=actor_id, change=CHANGES[type(event)], facts=facts)]


def _facts(event: Event) -> dict[str, Any]:
    match event:
        case e.ProjectEdited(after=after):
            return {"fields": [name for name in after.__struct_fields__ if getattr(after, name) is not UNSET]}
        case e.ProjectStatusChanged(to_status=status):
            return {"status": status}
    return {}
