"""What somebody may do in a project or a team."""

from typing import Final

from domain.shared.word import Word


class MemberRole(Word):
    """A member's role, in any case: viewers read, members work, managers run it, owners own it."""

    OWNER = "owner"
    MANAGER = "manager"
    MEMBER = "member"
    VIEWER = "viewer"

    def reaches(self, other: "MemberRole") -> bool:
        """Whether this role may do all that the other may."""
        return RANK[self] <= RANK[other]


RANK: Final = {role: nth for nth, role in enumerate(MemberRole)}
"""0 reaches furthest."""
