"""Why a request about a project, a team or an invitation is refused."""

from domain.shared.refused import Conflict


class OwnerNeeded(Conflict):
    """There is always an owner: give it to somebody else first."""


class AlreadyMember(Conflict):
    """This person is a member already."""


class TooManyMembers(Conflict):
    """There are as many members as there may be."""


class TooManyProjects(Conflict):
    """The team has as many projects as it may."""


class AlreadyInvited(Conflict):
    """This address was invited with another role; revoke that invitation first."""


class InvitationOver(Conflict):
    """This invitation was answered, taken back or has expired."""


class InvitationNotOver(Conflict):
    """The invitation has not expired yet."""
