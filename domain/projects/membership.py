"""Who belongs to a project or a team: all that other contexts need to know of one, folded from its own stream."""

from typing import Self
from uuid import UUID

import msgspec

from domain.projects import events as e
from domain.projects.role import MemberRole
from domain.projects.status import ProjectStatus
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event


class Membership(Aggregate, frozen=True, kw_only=True):
    """The members of a project or a team by their role. `team_id`: the team a project belongs to."""

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
                return self.but(owner_id=owner, team_id=team_id, members={owner: MemberRole.OWNER})
            case e.TeamCreated(owner_id=owner):
                return self.but(owner_id=owner, members={owner: MemberRole.OWNER})
            case e.ProjectReowned(owner_id=owner, previous_owner_id=previous):
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
            case e.ProjectDeleted() | e.TeamDeleted() | e.ProjectRestored():
                return self.but(deleted=not isinstance(event, e.ProjectRestored))
        return self
