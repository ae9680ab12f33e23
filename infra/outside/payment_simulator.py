"""The simulated payment provider: charges nobody, remembers everything, and fails as often as the settings say (requirements S2-27 to S2-29).

It stands for a company outside, so its memory is no part of the log: a table of its own, which outlives every process and is the same for all.
An authorisation takes `PAYMENT_DURATION` milliseconds. `PAYMENT_FAILED_PROBABILITY` percent of them fail, drawn anew for each
idempotency key; with a `PAYMENT_SEED` other than 0 the draws are the same after each start, whatever the payments are called.

Authorisations of these exact amounts (minor units of any currency: 900000001 of USD is 9,000,000.01 dollars) end in their own way:

| Amount      | What becomes of it                                                                             |
|-------------|------------------------------------------------------------------------------------------------|
| 900 000 001 | Declined.                                                                                      |
| 900 000 002 | Time-out, but authorised: no answer to the first call; asked how it stands, it says authorised. |
| 900 000 003 | Time-out, not authorised: the first call is lost on its way; the same one made again is done.   |
| 900 000 004 | The first call is answered with an error (500), and not done; the same one made again is done.  |
| 900 000 005 | Takes three seconds longer.                                                                    |
| 900 000 006 | Time-out, authorised late: no answer to the first call, which takes effect five seconds later.  |
"""

import asyncio
import contextlib
import random
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from application.payments.gateway import Declined, NotDone, OutcomeUnknown
from domain.payments.charge import Charge
from domain.payments.step import Step
from domain.shared.money import Money
from infra.cancellation import ended

DECLINED: Final = 900_000_001
TIMED_OUT_CHARGED: Final = 900_000_002
TIMED_OUT_NOT_CHARGED: Final = 900_000_003
ERROR_THEN_FINE: Final = 900_000_004
SLOW: Final = 900_000_005
AUTHORISED_LATE: Final = 900_000_006
FATES: Final = {DECLINED: "declined", TIMED_OUT_NOT_CHARGED: "lost", ERROR_THEN_FINE: "lost"}
REFUSED: Final = {
    "declined": ("card_declined", "The card was declined."),
    "impossible": ("not_possible", "There is not so much left to capture, to void or to refund."),
}
SLOWER: Final = 3.0
"""Seconds that a slow authorisation takes longer."""
LATE: Final = 5.0
"""Seconds after which a call that was not answered takes effect."""
SILENCE: Final = 1.0
"""Seconds until a call without an answer is given up, if the settings do not say less."""
PATIENCE: Final = 10.0
"""Seconds until its memory is taken for lost."""


class Manner(msgspec.Struct, frozen=True):
    """How the simulator behaves: `duration` and `timeout` in seconds, `failing` in percent of the attempts."""

    duration: float = 0.0
    failing: float = 0.0
    seed: int = 0
    timeout: float = SILENCE


class Said(msgspec.Struct, frozen=True):
    """What came of a call; `first`: nothing was kept under its key."""

    charge: Charge
    first: bool
    lost: bool


class PaymentSimulator:
    """A payment provider that is not there."""

    def __init__(self, memory: AsyncConnectionPool[AsyncConnection[Any]], manner: Manner) -> None:
        self._memory = memory
        self._manner = manner
        self._dice = random.Random(manner.seed or None)  # noqa: S311 — a simulation, no secret.
        self._late: dict[str, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """What did not take effect by now never will."""
        await ended(*self._late.values())

    async def carry_out(self, step: Step, payment_id: UUID, amount: Money, key: str) -> Charge:
        """Only an authorisation takes its time, and fails by chance. Raises `Declined`, `NotDone`, `OutcomeUnknown`."""
        if step is Step.AUTHORISE:
            return await self._authorise(payment_id, amount, key)
        return (await self._do(step, payment_id, amount, key)).charge

    async def _authorise(self, payment_id: UUID, amount: Money, key: str) -> Charge:
        await asyncio.sleep(self._manner.duration + (SLOWER if amount.amount == SLOW else 0))
        if amount.amount == AUTHORISED_LATE:
            await self._late_or_waited_for(payment_id, amount, key)
        said = await self._do(Step.AUTHORISE, payment_id, amount, key, self.fate(amount))
        if said.lost and amount.amount == ERROR_THEN_FINE:
            raise OutcomeUnknown("the provider answered 500")
        if said.lost or (said.first and amount.amount == TIMED_OUT_CHARGED):
            await asyncio.sleep(min(self._manner.timeout, SILENCE))
            raise OutcomeUnknown("the provider did not answer in time")
        return said.charge

    async def _late_or_waited_for(self, payment_id: UUID, amount: Money, key: str) -> None:
        """Raises `OutcomeUnknown` at the first call; who makes it again waits for it."""
        if key in self._late:
            await asyncio.wait([self._late[key]])
        elif not (await self.query(payment_id)).authorised:
            self._late[key] = asyncio.create_task(self._arrive(payment_id, amount, key), name=f"late {payment_id}")
            self._late[key].add_done_callback(lambda _: self._late.pop(key))
            raise OutcomeUnknown("the provider did not answer in time")

    async def _arrive(self, payment_id: UUID, amount: Money, key: str) -> None:
        await asyncio.sleep(LATE)
        with contextlib.suppress(OutcomeUnknown):
            await self._do(Step.AUTHORISE, payment_id, amount, key)

    async def query(self, payment_id: UUID) -> Charge:
        """How it stands; all nothing where it was never heard of."""
        return _charge(payment_id, *await self._remember("select * from simulated_charge(%s)", payment_id))

    def fate(self, amount: Money) -> str:
        """What becomes of the next attempt to authorise so much, under a key that was never used."""
        by_chance = "failed" if self._dice.random() * 100 < self._manner.failing else "done"
        return FATES.get(amount.amount, by_chance)

    async def _do(self, step: Step, payment_id: UUID, amount: Money, key: str, fate: str = "done") -> Said:
        call = (key, payment_id, step.value, amount.amount, fate)
        outcome, first, *stands = await self._remember("select * from simulate_payment(%s, %s, %s, %s, %s)", *call)
        if outcome == "failed":
            raise NotDone("payment_failed", "The payment failed. It may go well another time.")
        if outcome in REFUSED:
            raise Declined(*REFUSED[outcome])
        return Said(_charge(payment_id, *stands), first, lost=outcome == "lost")

    async def _remember(self, statement: LiteralString, *values: Any) -> tuple[Any, ...]:
        try:
            async with self._memory.connection(timeout=PATIENCE) as connection:
                row: tuple[Any, ...] | None = await (await connection.execute(statement, values)).fetchone()
        except (psycopg.Error, PoolTimeout, OSError) as error:
            raise OutcomeUnknown("the simulated provider does not reach its memory") from error
        assert row is not None
        return row


def _charge(payment_id: UUID, authorised: int, captured: int, voided: int, refunded: int) -> Charge:
    reference = f"simulated-{payment_id}" if authorised else ""
    return Charge(authorised=authorised, captured=captured, voided=voided, refunded=refunded, reference=reference)
