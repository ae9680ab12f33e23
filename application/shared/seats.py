"""Where somebody sits in a project or a team at this moment: what tasks, comments, files and projects themselves go by."""

from typing import Protocol
from uuid import UUID

from domain.projects.membership import Membership, seat
from domain.projects.role import MemberRole


class Loads(Protocol):
    """Where the streams of projects and teams are read: the unit of work of a command, or the log itself."""

    async def __call__(self, membership_id: UUID) -> Membership:
        """The members as they are now."""


async def seated(membership_id: UUID, user_id: UUID | None, load: Loads) -> tuple[Membership, MemberRole | None]:
    """A project or a team, and somebody's role in it; in a project also the one that its team brings."""
    found = await load(membership_id)
    team = None if found.team_id is None or user_id is None else await load(found.team_id)
    return found, seat(found, team, user_id)
