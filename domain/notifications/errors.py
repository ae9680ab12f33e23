"""Why notifications refuse. The docstring is the problem's title."""

from domain.shared.refused import Conflict


class MailNotDue(Conflict):
    """It is too early to try this mail again."""


class DigestNotDue(Conflict):
    """It is too early for this digest."""


class NotExpired(Conflict):
    """It is too early to let this notification go."""
