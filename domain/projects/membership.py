"""Who belongs to a project or a team: all that other contexts need to know of one, folded from its own stream; and who has a say in it."""

from typing import Self
from uuid import UUID

import msgspec

from domain.projects import events as e
from domain.projects.kind import Kind
from domain.projects.role import MemberRole
from domain.projects.status import ProjectStatus
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event


class Membership(Aggregate, frozen=True, kw_only=True):
    """The members of a project or a team by their role. `kind` says which of both; `team_id`: the team a project belongs to."""

    kind: Kind | None = None
    members: dict[UUID, MemberRole] = msgspec.field(default_factory=dict)
    owner_id: UUID | None = None
    team_id: UUID | None = None
    archived: bool = False
    deleted: bool = False

    @property
    def exists(self) -> bool:
        """Whether it was created and is not hidden."""
        return self.owner_id is not None and not self.deleted

    def role_of(self, user_id: UUID | None) -> MemberRole | None:
        """What somebody may do here; None for strangers."""
        return self.members.get(user_id) if user_id is not None and self.exists else None

    def evolve(self, event: Event) -> Self:
        """The members after one more event."""
        match event:
            case e.ProjectCreated(owner_id=owner, team_id=team_id):
                return self.but(kind=Kind.PROJECT, owner_id=owner, team_id=team_id, members={owner: MemberRole.OWNER})
            case e.TeamCreated(owner_id=owner):
                return self.but(kind=Kind.TEAM, owner_id=owner, members={owner: MemberRole.OWNER})
            case e.ProjectReowned(owner_id=owner, previous_owner_id=previous) | e.TeamReowned(owner_id=owner, previous_owner_id=previous):
                return self.but(owner_id=owner, members={**self.members, previous: MemberRole.MANAGER, owner: MemberRole.OWNER})
        return self._members_after(event)

    def _members_after(self, event: Event) -> Self:
        match event:
            case e.ProjectMemberAdded() | e.ProjectMemberRoleChanged() | e.TeamMemberAdded() | e.TeamMemberRoleChanged():
                return self.but(members={**self.members, event.user_id: event.role})
            case e.ProjectMemberRemoved(user_id=user) | e.TeamMemberRemoved(user_id=user):
                return self.but(members={one: role for one, role in self.members.items() if one != user})
            case e.ProjectStatusChanged(to_status=status):
                return self.but(archived=status is ProjectStatus.ARCHIVED)
            case e.ProjectDeleted() | e.TeamDeleted() | e.ProjectRestored() | e.TeamRestored():
                return self.but(deleted=isinstance(event, e.ProjectDeleted | e.TeamDeleted))
        return self


def seat(project: Membership, team: Membership | None, user_id: UUID | None) -> MemberRole | None:
    """Somebody's role in a project: their own, or what their role in its team brings them. Who runs the team runs its projects; all
    others of it read them.
    """
    own = project.role_of(user_id)
    in_team = team.role_of(user_id) if team is not None and project.exists else None
    if in_team is None:
        return own
    brought = MemberRole.MANAGER if in_team.reaches(MemberRole.MANAGER) else MemberRole.VIEWER
    return brought if own is None or brought.reaches(own) else own
