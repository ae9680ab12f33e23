"""What a payment provider says of one payment: amounts in minor units, which only ever grow, so that old news is told from new."""

import msgspec


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """How much was ever authorised, captured, voided and refunded. All nothing: the provider knows nothing of it, or took nothing."""

    authorised: int = 0
    captured: int = 0
    voided: int = 0
    refunded: int = 0
    reference: str = ""
    """The provider's own name for it."""
