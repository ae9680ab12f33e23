"""What somebody may do in a project or a team."""

from enum import StrEnum
from typing import Final, Self


class MemberRole(StrEnum):
    """A member's role, in any case: viewers read, members work, managers run it, owners own it."""

    OWNER = "owner"
    MANAGER = "manager"
    MEMBER = "member"
    VIEWER = "viewer"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return next((role for role in cls if isinstance(value, str) and role.value == value.lower()), None)

    def reaches(self, other: "MemberRole") -> bool:
        """Whether this role may do all that the other may."""
        return RANK[self] <= RANK[other]


RANK: Final = {role: nth for nth, role in enumerate(MemberRole)}
"""0 reaches furthest."""
