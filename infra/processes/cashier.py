"""Who asks the payment provider: takes the steps that are due, many at once, and says what came of each. One leads, another takes over.

It hears of new work from the broker at once, and looks into the read model every second for what nobody told it. What it does not live to
say is found out by asking the provider: see `application.payments.call`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final
from uuid import UUID

import psycopg

from application.payments.call import StartCall, Taken
from application.payments.gateway import Gateway
from domain.payments.events import CallUnknown, CaptureRequested, PaymentCancelled, PaymentRequested, RefundRequested
from domain.payments.payment import Payment
from domain.payments.step import Step
from domain.shared.refused import Conflict, NotFound, TooMany, Unavailable
from infra.app import System
from infra.cancellation import ended
from infra.observability.orders import came_of_it
from infra.outside.asking import ask, tell
from infra.outside.breaker import CLOSED, HALF_OPEN, Breaker
from infra.postgres.connections import connect
from infra.postgres.leadership import lead, resign
from infra.projection.hub import Hub
from projections.payments.payments import PAYMENTS

log = logging.getLogger(__name__)
WORK: Final = (PaymentRequested, CaptureRequested, PaymentCancelled, RefundRequested, CallUnknown)
"""What is a reason to look at a payment at once; all else it knows itself, or the next look into the read model finds."""
LEASE: Final = 5.0
LOOK: Final = 1.0
"""Seconds between two looks into the read model."""
READ: Final = 1_000
AWAY: Final = (Unavailable, TooMany, psycopg.Error, OSError)
ORDERLY: Final = 1.5
"""Seconds in which calls that are under way may end when this process is told to."""
AHEAD: Final = 300.0
"""Seconds that a payment is waited for here; those of later the next looks find."""
SOON: Final = 0.5
"""Seconds until a payment is looked at again after trouble with the log."""


class Cashier:
    """One process's cashier; idle unless it leads."""

    def __init__(self, parts: System, hub: Hub, gateway: Gateway, breaker: Breaker) -> None:
        self._parts = parts
        self._hub = hub
        self._gateway = gateway
        self.breaker = breaker
        self._room = asyncio.Semaphore(parts.settings.payment_concurrency)
        self._busy: dict[UUID, asyncio.Task[None]] = {}
        self._again: set[UUID] = set()
        self._timers: dict[UUID, asyncio.TimerHandle] = {}
        self._resting: dict[UUID, None] = {}
        self._calls = 0
        self.leads = False
        self.asked = 0

    @property
    def waiting(self) -> int:
        """Payments it is at, or will be."""
        return len(self._busy) + len(self._timers) + len(self._resting)

    @property
    def doing(self) -> dict[str, Any]:
        """For who looks after it."""
        return {"leads": self.leads, "waiting": self.waiting, "asked": self.asked, "provider": self.breaker.state}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with await connect(self._parts.settings.database_url, name="cashier") as connection:
                    await self._serve(connection)
            except AWAY as error:
                log.warning("the cashier lost the database", extra={"error": repr(error)})
                await asyncio.sleep(0.5)

    async def _serve(self, connection: psycopg.AsyncConnection[Any]) -> None:
        following = asyncio.create_task(self._follow(), name="cashier following")
        try:
            while True:
                self.leads = await lead(connection, "cashier", self._parts.me, LEASE)
                if self.leads:
                    await self._look()
                    self._wake()
                else:
                    self._resting.clear()
                await asyncio.sleep(LOOK)
        finally:
            self.leads = False
            for timer in self._timers.values():
                timer.cancel()
            self._timers.clear()
            self._resting.clear()
            if self._busy:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait(self._busy.values(), timeout=ORDERLY)
            await ended(following, *self._busy.values())
            with contextlib.suppress(psycopg.Error, OSError):
                await resign(connection, "cashier", self._parts.me)

    async def _look(self) -> None:
        query = f"select id from {PAYMENTS.table} where due_at <= clock_timestamp() order by due_at limit {READ}"
        with contextlib.suppress(psycopg.errors.UndefinedTable):  # The consumers have not made it yet.
            for (payment_id,) in await self._parts.log.reads(query):
                self._take(payment_id)

    async def _follow(self) -> None:
        """New work, as soon as it is told."""
        position = self._hub.head
        while True:
            await self._hub.beyond(position, LOOK)
            events = self._hub.after(position, READ)
            position = events[-1].position if events else max(position, self._hub.head)
            if self.leads:
                for recorded in events:
                    if isinstance(recorded.event, WORK):
                        self._take(recorded.event.payment_id)

    def _take(self, payment_id: UUID) -> None:
        if payment_id in self._busy:
            self._again.add(payment_id)
            return
        timer = self._timers.pop(payment_id, None)
        if timer is not None:
            timer.cancel()
        if self._rests():
            self._rest(payment_id)
            return
        task = asyncio.create_task(self._settle(payment_id), name=f"payment {payment_id}")
        self._busy[payment_id] = task
        task.add_done_callback(lambda _: self._done(payment_id))

    def _done(self, payment_id: UUID) -> None:
        del self._busy[payment_id]
        if payment_id in self._again:
            self._again.discard(payment_id)
            if self.leads:
                self._take(payment_id)

    def _rest(self, payment_id: UUID) -> None:
        self._resting[payment_id] = None

    def _wake(self) -> None:
        """Go on with those that wait for the provider, one alone where it is only tried; asleep they cost nothing, however many they are."""
        many = READ if self.breaker.state == CLOSED else 1
        for payment_id in list(islice(self._resting, many)) if not self._rests() else ():
            del self._resting[payment_id]
            self._take(payment_id)

    def _later(self, payment_id: UUID, seconds: float) -> None:
        if self.leads and payment_id not in self._timers:
            self._timers[payment_id] = asyncio.get_running_loop().call_later(max(seconds, 0.001), self._due, payment_id)

    def _due(self, payment_id: UUID) -> None:
        self._timers.pop(payment_id, None)
        self._take(payment_id)

    async def _settle(self, payment_id: UUID) -> None:
        """Take steps until there is none, or it is not time for the next one."""
        try:
            while self.leads:
                async with self._room:
                    if self._rests():
                        return self._rest(payment_id)
                    with self._calling():
                        taken: Taken = (await self._parts.dispatch(StartCall(payment_id=payment_id), self._parts.context())).result
                        payment = taken.payment if taken.step is None else await self._step(taken.payment, taken.step)
                    if not payment.is_due(self._parts.log.now()):
                        return self._wait(payment)
        except (Conflict, *AWAY) as error:
            log.warning("a payment waits", extra={"payment": str(payment_id), "error": repr(error)})
            self._later(payment_id, SOON)
        except NotFound:
            pass  # Somebody else's word: the read model is ahead of nothing.
        except Exception:
            log.exception("a payment is left for the next look", extra={"payment": str(payment_id)})

    @contextlib.contextmanager
    def _calling(self) -> Iterator[None]:
        """Counted before the step is started: of many that find the provider to be tried again, only one does."""
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1

    async def _step(self, payment: Payment, step: Step) -> Payment:
        self.asked += 1
        outcome = await ask(self._gateway, payment, step)
        came_of_it(step, outcome)
        for pause in (0.1, 0.2, 0.4, 0.8, 1.6, None):
            try:
                return await tell(self._parts.dispatch, payment, outcome, self._parts.context())
            except AWAY:
                if pause is None:
                    raise
                await asyncio.sleep(pause)  # What the provider said is not to be lost for a moment's trouble.
        raise AssertionError("the last pause raises")  # pragma: no cover

    def _rests(self) -> bool:
        """While the provider is left alone nothing is started; then one call at a time, until one goes well."""
        if self.breaker.state == CLOSED:
            return False
        return self.breaker.state != HALF_OPEN or self._calls > 0

    def _wait(self, payment: Payment) -> None:
        if payment.next_step is not None and payment.retry_at is not None:
            seconds = (payment.retry_at - self._parts.log.now()).total_seconds()
            if seconds <= AHEAD:
                self._later(payment.id, seconds)
