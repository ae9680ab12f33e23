"""Why the shop refuses. The docstring is the problem's title."""

from domain.shared.refused import Conflict


class ReservationNotDue(Conflict):
    """It is too early for this reservation to expire."""
