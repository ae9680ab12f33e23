"""Where an order and its goods stand; where its money stands is a word of `shared`. Three words, each with a life of its own."""

from typing import Final

from domain.shared.payment_status import PaymentStatus
from domain.shared.word import Word


class OrderStatus(Word):
    """Where an order stands."""

    PENDING = "pending"
    RESERVED = "reserved"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"

    @classmethod
    def usual(cls, typed: str) -> str:
        """Both ways to write it."""
        return "cancelled" if typed == "canceled" else typed


class FulfilmentStatus(Word):
    """Where its goods stand."""

    UNFULFILLED = "unfulfilled"
    SHIPPED = "shipped"
    DELIVERED = "delivered"


UNDER_WAY: Final = frozenset({OrderStatus.PENDING, OrderStatus.RESERVED, OrderStatus.CONFIRMED})
"""Something is still to happen by itself."""
PAID: Final = frozenset({OrderStatus.COMPLETED, OrderStatus.REFUNDED})
"""Its money was captured, whether or not it went back since."""
CANCELLABLE: Final = frozenset({OrderStatus.PENDING, OrderStatus.RESERVED})
ENDED_BADLY: Final = frozenset({OrderStatus.REJECTED, OrderStatus.CANCELLED})
UNSETTLED: Final = frozenset({PaymentStatus.PENDING, PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED})
"""Of an order that ended badly: its money is still under way back."""


class RejectionReason(Word):
    """Why an order was rejected."""

    INSUFFICIENT_STOCK = "insufficient_stock"
    PAYMENT_FAILED = "payment_failed"
    RESERVATION_EXPIRED = "reservation_expired"


RETRIABLE: Final = frozenset({RejectionReason.PAYMENT_FAILED, RejectionReason.RESERVATION_EXPIRED})
"""Another try may go better."""
