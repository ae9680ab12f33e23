"""The in-memory twin of a payment provider: does what is asked once per key, unless a test tells it to do something else."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from msgspec.structs import replace

from application.payments.gateway import Declined, NotDone
from domain.payments.charge import Charge
from domain.payments.step import Step
from domain.shared.money import Money

Trouble = Callable[[Step, str], Exception | None]


class MemoryGateway:
    """What was charged, by payment. `before` and `after` may raise what goes wrong before, or after, a call was carried out."""

    def __init__(self) -> None:
        self.charges: dict[UUID, Charge] = {}
        self.done: dict[str, Charge | Declined | NotDone] = {}
        self.before: Trouble = lambda step, key: None  # noqa: ARG005 — the signature of troubles.
        self.after: Trouble = lambda step, key: None  # noqa: ARG005 — the same.

    async def carry_out(self, step: Step, payment_id: UUID, amount: Money, key: str) -> Charge:
        """Once per key; what was refused under a key stays refused. Raises `Declined`, and whatever a test wants."""
        await self._trouble(self.before, step, key)
        if key not in self.done:
            after = charged(self.charges.get(payment_id, Charge()), step, amount.amount, str(payment_id))
            if after.captured + after.voided > after.authorised or after.refunded > after.captured:
                self.done[key] = Declined("not_possible", "There is not so much left to capture, to void or to refund.")
            else:
                self.charges[payment_id] = self.done[key] = after
        await self._trouble(self.after, step, key)
        told = self.done[key]
        if isinstance(told, Exception):
            raise told
        return self.charges[payment_id]

    async def query(self, payment_id: UUID) -> Charge:
        """How it stands."""
        await self._trouble(self.before, Step.QUERY, "")
        return self.charges.get(payment_id, Charge())

    @staticmethod
    async def _trouble(trouble: Trouble, step: Step, key: str) -> None:
        await asyncio.sleep(0)
        error = trouble(step, key)
        if error is not None:
            raise error


def charged(charge: Charge, step: Step, amount: int, reference: str) -> Charge:
    """How a payment stands after a step."""
    match step:
        case Step.AUTHORISE:
            return replace(charge, authorised=amount, reference=reference)
        case Step.CAPTURE:
            return replace(charge, captured=amount)
        case Step.VOID:
            return replace(charge, voided=amount)
        case Step.REFUND:
            return replace(charge, refunded=charge.refunded + amount)
    return charge
