"""Why payments refuse. The docstring is the problem's title."""

from domain.shared.refused import Conflict


class CallNotDue(Conflict):
    """It is too early to give up this call."""


class ProviderDisagrees(Conflict):
    """The payment provider speaks of amounts or a currency that nobody here asked for."""
