"""What the payment provider tells by itself: how one says it, and that it was really the provider."""

from collections.abc import Mapping
from typing import Final, Protocol
from uuid import UUID

import msgspec

from domain.payments.charge import Amount, Currency, Reference
from domain.shared.refused import Unauthenticated

UPDATED: Final = "payment.updated"


class WrongSignature(Unauthenticated):
    """This was not signed with a secret that is known here, or not lately."""


class Signatures(Protocol):
    """Standard Webhooks: whether a message was signed with one of the secrets, within five minutes of now."""

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """By the body as it came, to the byte; raises `WrongSignature`."""


class PaymentUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """Which payment, and how much was ever authorised, captured, voided and refunded, in minor units; `currency`, if it says so."""

    payment_id: UUID
    authorised: Amount = 0
    captured: Amount = 0
    voided: Amount = 0
    refunded: Amount = 0
    currency: Currency = ""
    reference: Reference = ""


class Message(msgspec.Struct, frozen=True):
    """What every message says of itself (Standard Webhooks); whatever else one of another type says is its own affair."""

    type: str


class PaymentMessage(msgspec.Struct, frozen=True):
    """A message of type `payment.updated`."""

    data: PaymentUpdated
