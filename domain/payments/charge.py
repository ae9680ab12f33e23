"""What a payment provider says of one payment: amounts in minor units, which only ever grow, so that old news is told from new."""

from typing import Annotated

import msgspec
from msgspec import Meta

from domain.shared.money import MOST

Amount = Annotated[int, Meta(ge=0, le=MOST)]
"""Minor units of which a provider speaks: no more than an order can come to, whether it answers or tells by itself."""
Currency = Annotated[str, Meta(pattern="^([A-Z]{3})?$")]
Reference = Annotated[str, Meta(max_length=200)]


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """How much was ever authorised, captured, voided and refunded. All nothing: the provider knows nothing of it, or took nothing."""

    authorised: int = 0
    captured: int = 0
    voided: int = 0
    refunded: int = 0
    currency: str = ""
    """Of what; empty where the provider does not say."""
    reference: str = ""
    """The provider's own name for it."""
