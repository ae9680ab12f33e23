"""A payment provider for simulations: does each thing once per key, remembers also what it refused (as Stripe does), and keeps a journal.

What goes wrong is drawn from dice while it is `troubled`: it refuses, loses what was asked before or after it did it, or does it late.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from application.payments.gateway import Declined, NotDone, OutcomeUnknown, Refusal
from domain.payments.charge import Charge
from domain.payments.step import Step
from domain.shared.money import Money
from infra.memory.gateway import charged

TIMEOUT = timedelta(seconds=10)
LATE = [5, 30, 600, 7200]
"""Seconds that a call may take to arrive."""


class Done(msgspec.Struct, frozen=True):
    """An effect the provider had."""

    payment_id: UUID
    step: Step
    amount: int


class Asked(msgspec.Struct):
    """One call on its way: what came of it, once the provider said so."""

    payment_id: UUID
    step: Step
    amount: int
    key: str
    told: Charge | Refusal | None = None


class Provider:
    """`wait` is awaited until what it is given holds; `serve` carries on beside its caller, and survives it."""

    def __init__(
        self,
        dice: random.Random,
        now: Callable[[], datetime],
        wait: Callable[[Callable[[], bool]], Awaitable[None]],
        serve: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self.charges: dict[UUID, Charge] = {}
        self.journal: list[Done] = []
        self.said: list[tuple[UUID, Charge]] = []
        """Every news, for webhooks."""
        self.troubled = True
        self._answers: dict[str, Charge | Refusal] = {}
        self._dice, self._now, self._wait, self._serve = dice, now, wait, serve
        self._odds = dice.choice([0.0, 0.1, 0.3, 0.6])

    async def carry_out(self, step: Step, payment_id: UUID, amount: Money, key: str) -> Charge:
        return await self._ask(Asked(payment_id, step, amount.amount, key))

    async def query(self, payment_id: UUID) -> Charge:
        await self._wait(lambda: True)
        self._perhaps(OutcomeUnknown("asked in vain"))
        told = self.charges.get(payment_id, Charge())
        await self._wait(lambda: True)
        self._perhaps(OutcomeUnknown("no answer"))
        return told

    async def _ask(self, asked: Asked) -> Charge:
        await self._wait(lambda: True)
        self._perhaps(NotDone("no_connection", "It was never heard of.", answered=False))
        self._serve(self._do(asked))
        late = self._now() + TIMEOUT
        await self._wait(lambda: asked.told is not None or self._now() >= late)
        self._perhaps(OutcomeUnknown("the connection broke"))
        if asked.told is None:
            raise OutcomeUnknown("no answer in time")
        if isinstance(asked.told, Refusal):
            raise asked.told
        return asked.told

    def _perhaps(self, trouble: Exception) -> None:
        if self.troubled and self._dice.random() < self._odds:
            raise trouble

    async def _do(self, asked: Asked) -> None:
        is_late = self.troubled and self._dice.random() < self._odds
        arrives = self._now() + timedelta(seconds=self._dice.choice(LATE) if is_late else 0)
        await self._wait(lambda: self._now() >= arrives)
        if asked.key not in self._answers:
            self._answers[asked.key] = self._refused(asked) or self._charged(asked)
        told = self._answers[asked.key]
        fresh = not isinstance(told, Refusal) and self._dice.random() < 0.5  # Some say again what they said, others how it is now.
        told = self.charges[asked.payment_id] if fresh else told
        await self._wait(lambda: True)
        asked.told = told

    def _refused(self, asked: Asked) -> Refusal | None:
        charge = self.charges.get(asked.payment_id, Charge())
        left = charge.captured - charge.refunded
        possible = {
            Step.AUTHORISE: True,  # Of two keys it makes two charges: nobody here is saved by the provider.
            Step.CAPTURE: charge.authorised > charge.voided and not charge.captured,
            Step.VOID: charge.authorised > charge.voided and not charge.captured,
            Step.REFUND: left >= asked.amount,
        }[asked.step]
        if not possible:
            return Declined("impossible", f"A {asked.step} is not possible.")
        if self.troubled and self._dice.random() < self._odds:
            final = self._dice.random() < 0.4 and asked.step is not Step.VOID
            return Declined("declined", "The card was declined.") if final else NotDone("try_again", "Not now.")
        return None

    def _charged(self, asked: Asked) -> Charge:
        charge = charged(self.charges.get(asked.payment_id, Charge()), asked.step, asked.amount, asked.key)
        self.charges[asked.payment_id] = charge
        self.journal.append(Done(asked.payment_id, asked.step, asked.amount))
        self.said.append((asked.payment_id, charge))
        return charge

    def meddle(self, *, gives_back: bool) -> bool:
        """By itself: an authorisation is let go, as after a week; or (`gives_back`) some of what was taken goes back, or all of it. Whether there
        was anything to move.
        """
        held = [one for one, charge in self.charges.items() if charge.authorised > charge.voided and not charge.captured]
        taken = [one for one, charge in self.charges.items() if charge.captured > charge.refunded] if gives_back else []
        if not held + taken:
            return False
        payment_id = self._dice.choice(held + taken)
        charge = self.charges[payment_id]
        if payment_id in held:
            charge = replace(charge, voided=charge.authorised)
        else:
            charge = replace(charge, refunded=self._dice.choice([charge.captured, self._dice.randint(charge.refunded + 1, charge.captured)]))
        self.charges[payment_id] = charge
        self.said.append((payment_id, charge))
        return True

    def twice(self) -> list[tuple[UUID, Step]]:
        """What it did more than once, though once was all that was due."""
        times = Counter((done.payment_id, done.step) for done in self.journal if done.step is not Step.REFUND)
        return [one for one, number in times.items() if number > 1]
