"""A seeded simulation of everything that sells: one thread, one log in memory, and dice that say who comes next.

Events reach reactions late, twice and in another order; processes die between any two steps (and what they had asked of the provider is
done or not); time stands still or jumps over expiries, retries and lost calls; customers and administrators do as they please meanwhile.
Then everything has to come to rest, and `tests.faults.shop_checks` look at what is in the log. The same seed, the same run.
"""

import random
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from application.orders.order import CLAIM as PENDING
from application.payments.call import LearnCharge, StartCall
from application.shared.context import SYSTEM, Context
from application.shared.deadline import DEADLINES, Deadline
from application.shared.reaction import REACTIONS
from domain.payments.charge import Charge
from domain.payments.events import PaymentEvent
from domain.payments.payment import Payment
from domain.shared.event import Recorded
from domain.shared.refused import Refused, VersionConflict
from infra.memory.log import MemoryLog
from infra.outside.asking import ask, tell
from infra.settings.shop import ShopSettings
from tests.faults.shop_checks import Wrong, all_is_well, must
from tests.orders.process import NAMES, SECRETS
from tests.orders.provider import Provider
from tests.scenario import World

TIMES = ("shop.reservations", "payments.calls")
RESTLESS = 6_000
"""Steps after which it should have come to rest."""


@types.coroutine
def until(holds: Callable[[], bool]) -> Generator[Callable[[], bool], None, None]:
    """Let others go on; carry on some time after `holds` does."""
    yield holds


async def step() -> None:
    """Let others go on."""
    await until(lambda: True)


class Thread(msgspec.Struct):
    """Something under way in a process; `lost` is called when it died before it was done."""

    process: str
    work: Coroutine[Any, Any, Any]
    lost: Callable[[], None] | None = None
    ready: Callable[[], bool] = lambda: True


class Simulation(World):
    """One run."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.dice = random.Random(seed)  # noqa: S311 — dice, no secret.
        self.log = MemoryLog(lambda: self.now, step)
        self.dispatch._log = self.log
        self.dispatch._pause = lambda _: step()
        self.dispatch._turns = None  # type: ignore[assignment]  # Each command is as if in a process of its own, so that they do meet.
        chosen = {"backoff_retries": self.dice.choice([0, 1, 3]), "payment_duration": 0, "order_single_pending": self.dice.random() < 0.3}
        self.dispatch._settings = msgspec.convert(SECRETS | chosen, ShopSettings)
        self.threads: list[Thread] = []
        self.provider = Provider(self.dice, lambda: self.now, until, lambda work: self.begin("provider", work))
        self.has_webhooks = self.dice.random() < 0.5
        self.letters: list[tuple[UUID, Charge]] = []
        self.in_order = self.dice.random() < 0.5
        self.mail: dict[str, list[Recorded[Any]]] = {name: [] for name in NAMES}
        self.payments: dict[UUID, Payment] = {}
        self.deadlines: dict[tuple[str, UUID], Deadline] = {}
        self.seen = 0
        self.trace: list[str] = []

    def begin(self, process: str, work: Coroutine[Any, Any, Any], lost: Callable[[], None] | None = None) -> None:
        self.threads.append(Thread(process, work, lost))

    def hear(self) -> None:
        """What is new in the log reaches mailboxes, deadlines and the provider's next letters."""
        for recorded in self.recorded[self.seen :]:
            for name in NAMES:
                if isinstance(recorded.event, REACTIONS[name].listens):
                    self.mail[name].append(recorded)
            if isinstance(recorded.event, PaymentEvent):
                known = self.payments.get(recorded.stream_id, Payment(id=recorded.stream_id))
                self.payments[recorded.stream_id] = known.after(recorded.event)
            for kind in (DEADLINES[name] for name in TIMES):
                if isinstance(recorded.event, kind.listens):
                    slot = (kind.name, recorded.stream_id)
                    row = kind.fold(recorded.stream_id, self.deadlines.pop(slot, None), recorded)
                    if row is not None:
                        self.deadlines[slot] = row
        self.seen = len(self.recorded)
        if self.has_webhooks:
            self.letters += self.provider.said
        self.provider.said.clear()

    def advance(self, thread: Thread) -> None:
        """One step of one thread; a refusal is an answer like any other."""
        try:
            thread.ready = thread.work.send(None)
        except (StopIteration, Refused) as end:
            self.threads.remove(thread)
            if isinstance(end, VersionConflict) and thread.lost is not None:
                thread.lost()

    def crash(self, process: str) -> None:
        """Everything of a process dies where it is."""
        for thread in [one for one in self.threads if one.process == process]:
            thread.work.close()
            self.threads.remove(thread)
            if thread.lost is not None:
                thread.lost()

    def deliver(self) -> None:
        """Some event reaches some reaction, perhaps not for the last time."""
        name = self.dice.choice([name for name in NAMES if self.mail[name]])
        box = self.mail[name]
        recorded = box[0] if self.in_order else self.dice.choice(box)
        again = self.dice.random() < 0.05 and self.provider.troubled
        if not again:
            box.remove(recorded)
        for command in REACTIONS[name].react(recorded):
            self.begin("consumers", self.do(command, SYSTEM), None if again else lambda: box.append(recorded))

    def look(self) -> None:
        """A cashier takes a payment up; another one may be at it already."""
        due = [one for one, payment in self.payments.items() if payment.is_due(self.now)]
        self.begin("consumers", self.settle(self.dice.choice(due or list(self.payments))))

    async def settle(self, payment_id: UUID) -> None:
        taken = await self.do(StartCall(payment_id=payment_id), SYSTEM)
        if taken.step is not None:
            outcome = await ask(self.provider, taken.payment, taken.step)
            await step()
            await tell(self.dispatch, taken.payment, outcome, Context(SYSTEM, self.new_id()))

    def fire(self) -> None:
        """The clock dispatches something that is due."""
        due = [row.command for row in self.deadlines.values() if row.due_at <= self.now]
        if due:
            self.begin("clock", self.do(self.dice.choice(due), SYSTEM))

    def post(self) -> None:
        """A webhook arrives: old or new, once or again."""
        payment_id, charge = self.dice.choice(self.letters)
        if self.dice.random() < 0.7 or not self.provider.troubled:
            self.letters.remove((payment_id, charge))
        self.begin("api", self.do(LearnCharge(payment_id=payment_id, charge=charge), SYSTEM))

    def pass_time(self) -> None:
        """A moment, or long enough for anything."""
        self.now += timedelta(seconds=self.dice.choice([0.01, 0.3, 1.9, 11, 40, 901]))

    def do_anything(self, people: Callable[[], Awaitable[Any] | None], odds: list[float]) -> None:
        """Whatever the dice say."""
        ready = [thread for thread in self.threads if thread.ready()]
        acts: list[tuple[bool, Callable[[], Any]]] = [
            (bool(ready), lambda: self.advance(self.dice.choice(ready))),
            (any(self.mail.values()), self.deliver),
            (bool(self.payments), self.look),
            (bool(self.deadlines), self.fire),
            (bool(self.letters), self.post),
            (True, self.pass_time),
            (True, lambda: self.crash(self.dice.choice(["consumers", "consumers", "clock", "api"]))),
            (True, lambda: self.begin("api", people()) if len(self.threads) < 40 else None),
            (True, lambda: self.provider.meddle(gives_back=self.has_webhooks)),
        ]
        possible = [(act, odd) for (can, act), odd in zip(acts, odds, strict=True) if can]
        act = self.dice.choices([act for act, _ in possible], [odd for _, odd in possible])[0]
        act()
        self.hear()

    def rest(self) -> None:
        """Nobody wants anything new, nothing goes wrong any more: all that is due happens, until nothing is; then perhaps the provider gives some
        money back by itself, and all that follows happens, too.
        """
        self.provider.troubled, meddles = False, self.has_webhooks
        for _ in range(RESTLESS):
            self.hear()
            ready = [thread for thread in self.threads if thread.ready()]
            soon = [payment for payment in self.payments.values() if payment.is_due(self.now)]
            if ready:
                self.advance(ready[0])
            elif any(self.mail.values()):
                self.deliver()
            elif self.letters:
                self.post()
            elif any(row.due_at <= self.now for row in self.deadlines.values()):
                self.fire()
            elif soon:
                self.look()
            elif not self._sleep():
                if not meddles:
                    return
                meddles = self.provider.meddle(gives_back=True) and self.dice.random() < 0.5
        raise Wrong(f"it does not come to rest: {self.deadlines} {[p for p in self.payments.values() if not p.is_quiet]}")

    def _sleep(self) -> bool:
        waits = [payment.retry_at for payment in self.payments.values() if payment.retry_at is not None and payment.next_step is not None]
        moments = [row.due_at for row in self.deadlines.values()] + waits + [self.now + timedelta(seconds=11)] * bool(self.threads)
        self.now = max(self.now, min(moments, default=self.now))
        return bool(moments)

    def end(self) -> None:
        """Nothing goes on any more."""
        for thread in self.threads:
            thread.work.close()

    def judge(self) -> None:
        """Everything that must be true of this log and of what the provider did."""
        must(not self.provider.twice(), f"done twice: {self.provider.twice()}")
        all_is_well(self.recorded, self.provider.charges)
        waiting = [owner for (kind, _), owner in self.log.names.items() if kind == PENDING]
        must(not waiting, f"customers wait for orders that are over: {waiting}")
