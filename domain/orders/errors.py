"""Why orders refuse. The docstring is the problem's title."""

from domain.shared.refused import Conflict


class AlreadyPaid(Conflict):
    """The order is paid already."""


class PaymentInProgress(Conflict):
    """The payment of this order is under way."""


class PendingOrderExists(Conflict):
    """You have an order that is not over yet."""


class NothingToRefund(Conflict):
    """There is not so much left to refund."""
