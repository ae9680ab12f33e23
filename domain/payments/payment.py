"""A payment: what is wanted of the provider, what is known of the provider, and therefore what has to be asked next.

Whoever acts for it takes the next step (`start`), asks the provider, and says what came of it (`learn`, `failed`, `declined`, `unknown`).
A step is started before the provider is asked, so that of two who would ask only one does, and one that died is noticed: its outcome
is then unknown, and is queried. What is known only grows, so it does not matter how often, how late or in which order it is learnt.
What is given up though a call for it may still arrive is asked about until whatever appeared would have lapsed.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.payments import events as e
from domain.payments.backoff import SOON, Backoff
from domain.payments.charge import Charge
from domain.payments.errors import CallNotDue, ProviderDisagrees
from domain.payments.state import PaymentState
from domain.payments.step import Step
from domain.shared.beside import beside
from domain.shared.event import Event
from domain.shared.money import Money


def payment_id(order_id: UUID, round: int) -> UUID:
    """The stream of the payment of a try of an order."""
    return beside(order_id, f"payments.payment/{round}")


class Payment(PaymentState, frozen=True):
    """One payment, as it decides."""

    def request(self, order_id: UUID, round: int, customer_id: UUID, amount: Money, now: datetime) -> list[Event]:
        """The first fact of a payment. What costs nothing is authorised; what was cancelled before stays so."""
        if self.version:
            return []
        of = self._of(order_id, round, now)
        free = [] if amount.amount else [e.PaymentAuthorised(**of, amount=amount)]
        return [e.PaymentRequested(**of, customer_id=customer_id, amount=amount), *free]

    def capture(self, now: datetime) -> list[Event]:
        """Take what is authorised."""
        if self.version == 0 or self.capturing or self.cancelled or self.failed:
            return []
        free = [] if self.amount.amount else [e.PaymentCaptured(**self._mine(now), amount=self.amount)]
        return [e.CaptureRequested(**self._mine(now), captured=self.told.captured > 0), *free]

    def cancel(self, order_id: UUID, round: int, customer_id: UUID, amount: Money, now: datetime) -> list[Event]:
        """Let nothing be taken, or give back what was; also when this is heard before it was requested."""
        if self.cancelled or self.failed:
            return []
        of = self._of(order_id, round, now)
        cancelled = e.PaymentCancelled(**of, customer_id=customer_id)
        after = self.after(cancelled)
        return [cancelled, *([e.PaymentVoided(**of, amount=amount.of(0)), *self._recheck(now)] if after.is_quiet else [])]

    def refund(self, refund_id: UUID, amount: Money, now: datetime) -> list[Event]:
        """Give some of what was captured back, as far as the provider did not by itself. Told twice, nothing new happens."""
        if refund_id in self.refunds or refund_id in self.given_back or amount.amount > self.told.captured:
            return []
        wish = e.RefundRequested(**self._mine(now), refund_id=refund_id, amount=amount)
        is_done = amount.amount <= self.unasked or self.told.refunded == self.told.captured
        return [wish, *([e.PaymentRefunded(**self._mine(now), amount=amount.of(0), refund_id=refund_id)] if is_done else [])]

    def start(self, patience: timedelta, now: datetime) -> list[Event]:
        """Take the next step, if it is time; asking how things stand is no step. After `patience` whoever took it is not waited for."""
        step = self.next_step
        if step is None or step is Step.QUERY or not self.is_due(now):
            return []
        attempt = self.tries.get(step, 0) + 1
        return [e.CallStarted(**self._mine(now), step=step, attempt=attempt, key=self._key(step), until=now + patience)]

    def learn(self, charge: Charge, now: datetime) -> list[Event]:
        """What is new in what the provider says; raises `ProviderDisagrees`. After a lost call this also says whether that did anything."""
        if self.amount.amount == 0 or self.version == 0:
            return []
        if charge.currency not in {"", self.amount.currency}:
            raise ProviderDisagrees(f"It is about {self.amount}, not about {charge.currency}.")
        known, mine = self.told, self._mine(now)
        told = Charge(
            authorised=max(known.authorised, charge.authorised, charge.captured, charge.voided),
            captured=max(known.captured, charge.captured),
            voided=max(known.voided, charge.voided),
            refunded=max(known.refunded, charge.refunded),
        )
        worth = self.amount.amount
        if {told.authorised, told.captured, told.voided} - {0, worth} or told.refunded > told.captured or (told.voided and told.captured):
            sums = {word: self.amount.of(getattr(told, word)) for word in ("authorised", "captured", "voided", "refunded")}
            raise ProviderDisagrees(f"Of {self.amount}: {', '.join(f'{money} {word}' for word, money in sums.items())}.")
        facts: list[Event] = []
        unwanted = self.cancelled or self.failed
        if told.authorised > known.authorised:
            facts.append(e.PaymentAuthorised(**mine, amount=self.amount, reference=charge.reference, unwanted=unwanted))
        if told.captured > known.captured:
            facts.append(e.PaymentCaptured(**mine, amount=self.amount, unwanted=unwanted))
        if told.voided > known.voided:
            facts.append(e.PaymentVoided(**mine, amount=self.amount))
            if not self.cancelled and not self.failed:
                facts.append(e.PaymentFailed(**mine, code="let_go", message="The payment provider does not hold the money any more."))
        is_all = told.refunded == told.captured
        facts += self._refunded(told.refunded - known.refunded, now, is_all=is_all)
        if told.captured > known.captured and is_all and not self.cancelled and not self.failed:
            facts.append(e.PaymentFailed(**mine, code="given_back", message="The payment provider gave the money back."))
        return facts

    def _refunded(self, back: int, now: datetime, *, is_all: bool) -> list[Event]:
        """What went back, by wish; once everything went back there is nothing left to wait for."""
        facts: list[Event] = []
        for refund_id, worth in self.refunds.items() if back else ():
            if 0 < worth <= back or is_all:
                facts.append(e.PaymentRefunded(**self._mine(now), amount=self.amount.of(min(worth, back)), refund_id=refund_id))
                back -= min(worth, back)
        return [*facts, *([e.PaymentRefunded(**self._mine(now), amount=self.amount.of(back))] if back else [])]

    def answered(self, key: str, charge: Charge, now: datetime, policy: Backoff, chance: float) -> list[Event]:
        """What the provider answered to the call under this key, or to the question what came of it."""
        facts = self.learn(charge, now)
        call, after = self.call, self.after(*facts)
        if call is None:
            return facts + after.rechecked(now, policy)
        if call.key != key or after.call is None:
            return facts
        if call.declined and call.step is Step.VOID and not after.told.captured:
            return [*facts, e.PaymentVoided(**self._mine(now), amount=self.amount)]
        return facts + after.refused(key, "not_done", "The provider knows nothing of it.", now, policy, chance, answered=call.declined)

    def refused(self, key: str, code: str, message: str, now: datetime, policy: Backoff, chance: float, *, answered: bool = True) -> list[Event]:
        """This call did nothing. An authorisation is given up after the last retry; everything else is tried until it is done."""
        call = self.call
        if call is None or call.key != key:
            return []
        may_arrive = [] if answered else self._recheck(now)
        if call.step is Step.AUTHORISE and self.cancelled:
            return [e.PaymentVoided(**self._mine(now), amount=self.amount.of(0)), *may_arrive]
        if call.step is Step.AUTHORISE and call.attempt > policy.retries:
            return [e.PaymentFailed(**self._mine(now), code=code, message=message), *may_arrive]
        pause = policy.pause if call.step is Step.AUTHORISE else policy.enduring
        told: dict[str, Any] = self._mine(now) | {"step": call.step, "attempt": call.attempt, "code": code, "message": message}
        return [e.CallFailed(**told, retry_at=now + pause(call.attempt, chance), answered=answered)]

    def declined(self, key: str, code: str, message: str, now: datetime, policy: Backoff, chance: float) -> list[Event]:
        """The provider will never do this. What cannot be captured is given up. Where money has to go back it is asked how things stand, since
        it may have moved without us; what is not captured and cannot be voided is void then.
        """
        call = self.call
        if call is None or call.key != key:
            return []
        if call.step is Step.AUTHORISE and self.cancelled:
            return self.refused(key, code, message, now, policy, chance)
        if call.step in {Step.VOID, Step.REFUND}:
            return [e.CallUnknown(**self._mine(now), step=call.step, attempt=call.attempt, message=message, retry_at=now, declined=True)]
        return [e.PaymentFailed(**self._mine(now), code=code, message=message)]

    def unknown(self, key: str, message: str, now: datetime, policy: Backoff, chance: float) -> list[Event]:
        """Nobody knows what came of this call; the provider is asked soon, and then less and less often."""
        call = self.call
        if call is None:
            return self.rechecked(now, policy)
        if call.key != key:
            return []
        asked = call.asked + 1 if call.lost else 0
        told: dict[str, Any] = self._mine(now) | {"step": call.step, "attempt": call.attempt, "message": message, "asked": asked}
        return [e.CallUnknown(**told, retry_at=now + policy.enduring(asked + 1, chance))]

    def lose(self, key: str, now: datetime) -> list[Event]:
        """Whoever made this call was not heard of; raises `CallNotDue`. Of another call than the one under way nothing comes."""
        call = self.call
        if call is None or call.lost or call.key != key:
            return []
        if now < call.until:
            raise CallNotDue
        return [e.CallUnknown(**self._mine(now), step=call.step, attempt=call.attempt, message="nobody was heard of", retry_at=now)]

    def _recheck(self, now: datetime) -> list[Event]:
        """Now that it is given up: when to ask whether a call arrived of which nobody heard."""
        return [e.RecheckPlanned(**self._mine(now), since=now, retry_at=now + SOON)] if self.unsure else []

    def rechecked(self, now: datetime, policy: Backoff) -> list[Event]:
        """It was asked about again, and nothing arrived until now as far as anybody knows: when to ask next. Told too early, nothing happens."""
        since = self.unsure_since
        if since is None or not self.is_due(now):
            return []
        return [e.RecheckPlanned(**self._mine(now), since=since, retry_at=policy.recheck(since, now))]

    def heard(self, key: str, attempt: int) -> str:
        """The key again if that attempt is the call under way; else nothing: who answers late answers no later call under the same key."""
        return key if self.call is not None and attempt in {0, self.call.attempt} else ""

    def _key(self, step: Step) -> str:
        """The same for the same effect; another one once the provider itself said that it did not do it."""
        about = f"{next(iter(self.refunds), self.id)}/{self.amount_of(step).amount}/" if step is Step.REFUND else ""
        return f"{self.id}/{step}/{about}{self.answers.get(step, 0)}"

    def _of(self, order_id: UUID, round: int, now: datetime) -> dict[str, Any]:
        return {"payment_id": self.id, "order_id": order_id, "round": round, "at": now}

    def _mine(self, now: datetime) -> dict[str, Any]:
        return self._of(self.order_id, self.round, now)
