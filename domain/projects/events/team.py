"""What can happen to a team. `at` is database time of the decision."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET, UnsetType

from domain.projects.role import MemberRole
from domain.shared.event import Event, recorded_as


class TeamEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a team; its stream is the team's id, which `team_id` is."""

    at: datetime
    team_id: UUID


@recorded_as("team.created")
class TeamCreated(TeamEvent, frozen=True, kw_only=True):
    """A team exists; who made it is its owner and first member."""

    owner_id: UUID
    name: str
    description: str | None = None


@recorded_as("team.edited")
class TeamEdited(TeamEvent, frozen=True, kw_only=True):
    """Name or description changed; what is UNSET did not."""

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


@recorded_as("team.member_added")
class TeamMemberAdded(TeamEvent, frozen=True, kw_only=True):
    """This person is a member now."""

    user_id: UUID
    role: MemberRole


@recorded_as("team.member_role_changed")
class TeamMemberRoleChanged(TeamEvent, frozen=True, kw_only=True):
    """This member may do something else now."""

    user_id: UUID
    role: MemberRole
    previous: MemberRole


@recorded_as("team.member_removed")
class TeamMemberRemoved(TeamEvent, frozen=True, kw_only=True):
    """This person is no member any more."""

    user_id: UUID


@recorded_as("team.deleted")
class TeamDeleted(TeamEvent, frozen=True, kw_only=True):
    """It is hidden from everybody; its projects stay with their members."""


@recorded_as("team.restored")
class TeamRestored(TeamEvent, frozen=True, kw_only=True):
    """It is back as it was."""


@recorded_as("team.reowned")
class TeamReowned(TeamEvent, frozen=True, kw_only=True):
    """It belongs to somebody else now, who is a member from then on; who had it stays as a manager."""

    owner_id: UUID
    previous_owner_id: UUID


@recorded_as("team.project_listed")
class TeamProjectListed(TeamEvent, frozen=True, kw_only=True):
    """One more of the projects a team has; written in the stream of its roster."""

    project_id: UUID


@recorded_as("team.project_unlisted")
class TeamProjectUnlisted(TeamEvent, frozen=True, kw_only=True):
    """One project less; written in the stream of its roster."""

    project_id: UUID
