"""Whatever is asked, answered, lost, told late, twice or in another order: nobody is charged twice, and in the end the books are closed."""

from datetime import timedelta
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.orders.events import OrderCompleted, OrderRefunded
from domain.payments.backoff import Backoff
from domain.payments.charge import Charge
from domain.payments.events import CallStarted
from domain.payments.ledger import CLEARING, entry, is_balanced
from domain.payments.payment import Payment, payment_id
from domain.payments.step import Step
from domain.shared.event import Event
from domain.shared.money import Money
from tests.payments.model import DECLINED, DONE, Asked, Provider, Reply, asked_by
from tests.scenario import NOON

ORDER, CUSTOMER = UUID("01930000-0000-7000-8000-000000000001"), UUID(int=2)
WORTH = Money(100, "GBP")
PATIENCE = timedelta(seconds=30)
POLICY = Backoff(retries=2, delay=timedelta(seconds=1))
ROUNDS = 60
"""Calls after which a payment whose provider is well must be quiet."""


def amounts(charge: Charge) -> tuple[int, ...]:
    return charge.authorised, charge.captured, charge.voided, charge.refunded


class Shop(RuleBasedStateMachine):
    """One payment, what is on its way to the provider and back, and the provider."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.payment = Payment(id=payment_id(ORDER, 1))
        self.provider = Provider(WORTH.amount)
        self.events: list[Event] = []
        self.calls: list[Asked] = []
        self.replies: list[Reply] = []
        self.wishes = 0
        self.is_late = self.is_meddled = False

    def take(self, facts: list[Event]) -> None:
        self.payment = self.payment.after(*facts)
        self.events += facts

    @rule()
    def request(self) -> None:
        self.take(self.payment.request(ORDER, 1, CUSTOMER, WORTH, self.now))

    @precondition(lambda self: self.payment.is_authorised)
    @rule()
    def capture(self) -> None:
        self.take(self.payment.capture(self.now))

    @rule()
    def cancel(self) -> None:
        self.take(self.payment.cancel(ORDER, 1, CUSTOMER, WORTH, self.now))

    @precondition(lambda self: self.payment.is_captured and self.payment.capturing)
    @rule(amount=st.integers(1, 100), again=st.booleans())
    def refund(self, amount: int, *, again: bool) -> None:
        self.wishes += 0 if again and self.wishes else 1
        self.take(self.payment.refund(UUID(int=self.wishes), WORTH.of(amount), self.now))

    @rule(seconds=st.sampled_from([1, 5, 40, 400]))
    def later(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def start(self) -> None:
        facts = self.payment.start(PATIENCE, self.now)
        amount = 0 if self.payment.next_step is None else self.payment.amount_of(self.payment.next_step).amount
        self.take(facts)
        self.calls += [asked_by(event, amount) for event in facts if isinstance(event, CallStarted)]

    @precondition(lambda self: not self.payment.is_quiet)
    @rule(luck=st.sampled_from(["well", "well", "well", "refused", "answer lost", "on its way"]))
    def go_on(self, luck: str) -> None:
        """What usually happens, so that there is something to go wrong."""
        self.now = max(self.now, self.payment.retry_at or self.now)
        before = len(self.calls)
        self.start()
        if self.payment.next_step is Step.QUERY:
            self.ask()
            self.told(self.replies.pop())
        elif len(self.calls) > before and luck != "on its way":
            reply = self.provider.carry_out(self.calls.pop(), refuses=luck == "refused")
            if luck == "answer lost":
                self.nobody_knows()
            else:
                self.told(reply)

    @precondition(lambda self: self.payment.version == 0)
    @rule()
    def begin(self) -> None:
        """Nothing is of interest before."""
        self.request()
        self.go_on("well")

    @precondition(lambda self: self.payment.version == 0)
    @rule()
    def begin_unheard(self) -> None:
        """The first call is still on its way when nobody waits for it any more, and the provider knows nothing of it."""
        self.request()
        self.start()
        self.nobody_knows()
        self.go_on("well")

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), refuses=st.booleans(), twice=st.booleans(), answers=st.booleans())
    def arrive(self, data: st.DataObject, *, refuses: bool, twice: bool, answers: bool) -> None:
        """A call reaches the provider, perhaps not for the last time, and perhaps the answer is lost."""
        asked = data.draw(st.sampled_from(self.calls))
        if not twice:
            self.calls.remove(asked)
        call = self.payment.call
        is_awaited = call is not None and (call.key, call.attempt, call.lost) == (asked.key, asked.attempt, False)
        self.is_late |= asked.step is not Step.AUTHORISE and not is_awaited
        reply = self.provider.carry_out(asked, refuses=refuses)
        self.replies += [reply] if answers else []

    @precondition(lambda self: self.payment.next_step is Step.QUERY)
    @rule()
    def ask(self) -> None:
        key, attempt = ("", 0) if self.payment.call is None else (self.payment.call.key, self.payment.call.attempt)
        self.replies.append(Reply(Asked(Step.QUERY, 0, key, attempt), DONE, self.provider.charge))

    @precondition(lambda self: self.replies)
    @rule(data=st.data(), again=st.booleans())
    def hear(self, data: st.DataObject, *, again: bool) -> None:
        reply = data.draw(st.sampled_from(self.replies))
        if not again:
            self.replies.remove(reply)
        self.told(reply)

    def told(self, reply: Reply) -> None:
        key = self.payment.heard(reply.asked.key, reply.asked.attempt)
        if reply.outcome == DONE:
            self.take(self.payment.answered(key, reply.charge, self.now, POLICY, 0))
        elif reply.outcome == DECLINED:
            self.take(self.payment.declined(key, "declined", "Never.", self.now, POLICY, 0))
        else:
            self.take(self.payment.refused(key, "busy", "Not now.", self.now, POLICY, 0))

    @precondition(lambda self: self.payment.call is not None)
    @rule()
    def nobody_knows(self) -> None:
        assert self.payment.call is not None
        self.take(self.payment.unknown(self.payment.call.key, "no answer", self.now, POLICY, 0))

    @precondition(lambda self: self.payment.call is not None and self.now >= self.payment.call.until)
    @rule()
    def lose(self) -> None:
        assert self.payment.call is not None
        self.take(self.payment.lose(self.payment.call.key, self.now))

    @rule(data=st.data())
    def webhook(self, data: st.DataObject) -> None:
        """News of any age, any number of times."""
        self.take(self.payment.learn(data.draw(st.sampled_from(self.provider.past)), self.now))

    @precondition(lambda self: self.provider.charge.authorised and not self.provider.charge.captured and not self.provider.charge.voided)
    @rule()
    def the_provider_lets_go(self) -> None:
        self.provider.become(voided=WORTH.amount)
        self.is_late = True

    @precondition(lambda self: self.provider.charge.captured > self.provider.charge.refunded)
    @rule(amount=st.integers(1, 100))
    def the_provider_gives_back(self, amount: int) -> None:
        charge = self.provider.charge
        self.provider.become(refunded=min(charge.captured, charge.refunded + amount))
        self.is_late = self.is_meddled = True

    @invariant()
    def nobody_is_charged_twice(self) -> None:
        charge, told = self.provider.charge, self.payment.told
        assert charge.authorised <= WORTH.amount
        assert self.provider.effects[Step.CAPTURE] <= 1
        assert charge.refunded <= charge.captured <= charge.authorised
        assert told.refunded <= told.captured <= told.authorised
        assert not (told.captured and told.voided)
        assert all(one <= other for one, other in zip(amounts(told), amounts(charge), strict=True))

    @invariant()
    def every_entry_is_balanced(self) -> None:
        assert all(is_balanced(entry(event)) for event in self.events)

    def teardown(self) -> None:
        """The provider is well now: everything on its way arrives, and has to be asked about."""
        for asked in self.calls:
            self.provider.carry_out(asked, refuses=False)
        for _ in range(ROUNDS):
            self.calls.clear()
            self.now = max(self.now + timedelta(hours=1), self.payment.retry_at or self.now)
            if self.payment.call is not None and not self.payment.call.lost:
                self.lose()
            if self.payment.next_step is Step.QUERY:
                self.ask()
                self.told(self.replies.pop())
            elif not self.payment.is_quiet:
                self.start()
                for asked in self.calls:
                    self.told(self.provider.carry_out(asked, refuses=False))
            elif self.is_late:
                self.is_late = False
                self.take(self.payment.learn(self.provider.charge, self.now))
            else:
                break
        assert self.payment.is_quiet
        self.books_are_closed()

    def books_are_closed(self) -> None:
        payment, charge = self.payment, self.provider.charge
        told = payment.told
        assert amounts(told) == amounts(charge)
        is_unwanted = payment.cancelled or payment.failed
        if is_unwanted:
            assert charge.authorised == charge.voided + charge.captured
            assert charge.captured == charge.refunded
        if self.is_meddled or not (is_unwanted or payment.is_captured or payment.given_back):
            return
        facts = list(self.events)
        if not is_unwanted:
            facts.append(OrderCompleted(order_id=ORDER, at=self.now, round=1, total=WORTH))
            asked = {event.refund_id: event.amount for event in facts if hasattr(event, "refund_id") and event.refund_id in payment.given_back}
            facts += [OrderRefunded(order_id=ORDER, at=self.now, refund_id=one, amount=worth, all=False) for one, worth in asked.items()]
        sums = {account: sum(p.debit - p.credit for event in facts for p in entry(event) if p.account is account) for account in CLEARING}
        assert not any(sums.values()), sums


Shop.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
TestNeverTwice = Shop.TestCase
