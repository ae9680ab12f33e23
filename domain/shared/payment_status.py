"""Where the money of an order stands: a word that orders and payments share."""

from domain.shared.word import Word


class PaymentStatus(Word):
    """Where the money stands."""

    PENDING = "pending"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    FAILED = "failed"
    VOIDED = "voided"
    REFUNDED = "refunded"

    @classmethod
    def usual(cls, typed: str) -> str:
        """Other words for the same."""
        return {"authorized": "authorised", "paid": "captured", "cancelled": "voided", "canceled": "voided"}.get(typed, typed)
