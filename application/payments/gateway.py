"""What Daybook needs of a payment provider. Every step is taken under an idempotency key: the same key, the same effect, once."""

from typing import Protocol
from uuid import UUID

from domain.payments.charge import Charge
from domain.payments.step import Step
from domain.shared.money import Money


class Refusal(Exception):
    """The provider did not do it. `code` is a stable word, the text a sentence for the customer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Declined(Refusal):
    """And it never will."""


class NotDone(Refusal):
    """Not this time; another attempt may go well. `answered`: the provider itself said so; else it certainly never heard of it."""

    def __init__(self, code: str, message: str, *, answered: bool = True) -> None:
        super().__init__(code, message)
        self.answered = answered


class OutcomeUnknown(Exception):
    """Nobody knows whether it was done: time ran out, the connection broke, or the provider failed (5xx)."""


class Gateway(Protocol):
    """A payment provider. What it answers is how the payment stands then."""

    async def carry_out(self, step: Step, payment_id: UUID, amount: Money, key: str) -> Charge:
        """Authorise, capture, void or refund so much. Raises `Declined`, `NotDone`, `OutcomeUnknown`."""

    async def query(self, payment_id: UUID) -> Charge:
        """How it stands; all nothing where the provider never heard of it. Raises `OutcomeUnknown`."""
