"""Why notifications refuse. The docstring is the problem's title."""

from domain.shared.refused import Conflict


class MailNotDue(Conflict):
    """It is too early to try this mail again."""
