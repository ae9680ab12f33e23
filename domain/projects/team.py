"""A team: people who have projects together; and the roster of these projects."""

from datetime import datetime
from typing import Any, ClassVar, Final, Self
from uuid import UUID, uuid5

from msgspec import UNSET, UnsetType

from domain.projects import events as e
from domain.projects import limits
from domain.projects.circle import Circle, Words
from domain.projects.errors import TooManyProjects
from domain.projects.kind import Kind
from domain.shared import fields as rules
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

PROJECTS: Final = 100
"""Projects of one team at most."""


class Team(Circle, frozen=True, kw_only=True):
    """One team."""

    words: ClassVar[Words] = Words(
        Kind.TEAM, e.TeamMemberAdded, e.TeamMemberRoleChanged, e.TeamMemberRemoved, e.TeamReowned, e.TeamDeleted, e.TeamRestored
    )

    name: str = ""
    description: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def create(self, owner_id: UUID, name: str, description: str | None, now: datetime) -> list[Event]:
        """The first fact of a team; raises `Invalid`."""
        rules.refuse(limits.name(name) + limits.described(description))
        return [e.TeamCreated(at=now, team_id=self.id, owner_id=owner_id, name=name.strip(), description=description)]

    def edit(self, name: str | UnsetType, description: str | UnsetType | None, now: datetime) -> list[Event]:
        """Change name or description; raises `Invalid`."""
        rules.refuse(limits.name(name) + limits.described(description))
        wanted = {"name": name if name is UNSET else name.strip(), "description": description}
        new: dict[str, Any] = {field: value for field, value in wanted.items() if value is not UNSET and value != getattr(self, field)}
        return [e.TeamEdited(at=now, team_id=self.id, **new)] if new else []

    def evolve(self, event: Event) -> Self:
        """The state after one more event."""
        state = super().evolve(event)
        match event:
            case e.TeamCreated(name=name, description=description, at=at):
                state = state.but(name=name, description=description, created_at=at)
            case e.TeamEdited(name=name, description=description):
                state = state.but(name=state.name if name is UNSET else name, description=state.description if description is UNSET else description)
        return state.but(updated_at=event.at) if isinstance(event, e.TeamEvent) else state


def roster_stream(team_id: UUID) -> UUID:
    """The stream that counts a team's projects, beside the team's own: so that new projects do not change the team's version."""
    return uuid5(team_id, "projects.roster")


class Roster(Aggregate, frozen=True, kw_only=True):
    """The projects of one team that are not deleted."""

    project_ids: frozenset[UUID] = frozenset()

    def enter(self, team_id: UUID, project_id: UUID, now: datetime) -> list[Event]:
        """One more; raises `TooManyProjects`."""
        if project_id in self.project_ids:
            return []
        if len(self.project_ids) >= PROJECTS:
            raise TooManyProjects(f"A team has at most {PROJECTS} projects.", most=PROJECTS)
        return [e.TeamProjectListed(at=now, team_id=team_id, project_id=project_id)]

    def strike(self, team_id: UUID, project_id: UUID, now: datetime) -> list[Event]:
        """One less."""
        return [e.TeamProjectUnlisted(at=now, team_id=team_id, project_id=project_id)] if project_id in self.project_ids else []

    def evolve(self, event: Event) -> Self:
        """The state after one more event."""
        match event:
            case e.TeamProjectListed(project_id=project_id):
                return self.but(project_ids=self.project_ids | {project_id})
            case e.TeamProjectUnlisted(project_id=project_id):
                return self.but(project_ids=self.project_ids - {project_id})
        return self
