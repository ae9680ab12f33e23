"""Facts of projects, written as their commands would."""

from uuid import UUID

from application.shared.context import SYSTEM, Context
from application.shared.ports import Entry, Staged
from domain.projects.events import ProjectCreated, ProjectFields, ProjectMemberAdded, TeamCreated, TeamMemberAdded
from domain.projects.membership import Membership
from domain.projects.role import MemberRole
from domain.shared.event import Event
from infra.app import System, new_id


async def happens(system: System, stream_id: UUID, *events: Event) -> int:
    """Its position."""
    state, _ = await system.log.load(Membership, stream_id)
    staged = [Staged(stream_id, state.version + nth, event) for nth, event in enumerate(events, 1)]
    entry = Entry(context=Context(SYSTEM, new_id()), decided_at=system.log.now(), events=staged, states={stream_id: state.after(*events)})
    return (await system.log.append(entry)).position


async def a_project(system: System, owner: str, *members: str, team: UUID | None = None) -> UUID:
    project, now = new_id(), system.log.now()
    made = ProjectCreated(at=now, project_id=project, team_id=team, owner_id=UUID(owner), fields=ProjectFields(name=f"Project {project}"))
    added = [ProjectMemberAdded(at=now, project_id=project, user_id=UUID(one), role=MemberRole.MEMBER) for one in members]
    await happens(system, project, made, *added)
    return project


async def a_team(system: System, owner: str, *members: str) -> UUID:
    team, now = new_id(), system.log.now()
    made = TeamCreated(at=now, team_id=team, owner_id=UUID(owner), name=f"Team {team}")
    await happens(system, team, made, *[TeamMemberAdded(at=now, team_id=team, user_id=UUID(one), role=MemberRole.MEMBER) for one in members])
    return team
