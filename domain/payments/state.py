"""What is known of a payment, and therefore what has to be asked of the provider next."""

from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec

from domain.payments import events as e
from domain.payments.charge import Charge
from domain.payments.step import Step
from domain.shared.aggregate import NOBODY, Aggregate
from domain.shared.event import Event
from domain.shared.money import Money
from domain.shared.payment_status import PaymentStatus


class Call(msgspec.Struct, frozen=True):
    """A call to the provider whose outcome is not known: under way until `until`, and then `lost`."""

    step: Step
    attempt: int
    key: str
    until: datetime
    lost: bool = False
    asked: int = 0
    declined: bool = False


class PaymentState(Aggregate, frozen=True):
    """One payment. `refunds` are wishes that are not fulfilled, `given_back` those that are; `told` is what the provider was last known
    to say, `answers` how often it refused a step itself, `tries` how often a step was taken; `fulfilled` is what all of `given_back` were worth.
    `unsure`: nobody ever heard what came of a call to authorise it, which may still arrive; `unsure_since`: it was given up like that, and is
    asked about now and then.
    """

    order_id: UUID = NOBODY
    customer_id: UUID | None = None
    round: int = 0
    amount: Money = Money(0, "")
    status: PaymentStatus = PaymentStatus.PENDING
    capturing: bool = False
    cancelled: bool = False
    failed: bool = False
    message: str = ""
    told: Charge = Charge()
    refunds: dict[UUID, int] = msgspec.field(default_factory=dict)
    given_back: frozenset[UUID] = frozenset()
    fulfilled: int = 0
    call: Call | None = None
    tries: dict[Step, int] = msgspec.field(default_factory=dict)
    answers: dict[Step, int] = msgspec.field(default_factory=dict)
    retry_at: datetime | None = None
    unsure: bool = False
    unsure_since: datetime | None = None

    @property
    def exists(self) -> bool:
        """Whether this is a payment; its id may also be that of something else."""
        return self.round > 0

    @property
    def next_step(self) -> Step | None:  # noqa: PLR0911 — one line per step.
        """What has to be asked of the provider next; None: nothing, or somebody is asking."""
        told = self.told
        if self.call is not None:
            return Step.QUERY if self.call.lost else None
        if self.cancelled or self.failed:
            if told.captured:
                return Step.REFUND if told.captured > told.refunded else None
            if told.authorised > told.voided:
                return Step.VOID
            return Step.QUERY if self.unsure_since is not None else None
        if self.version == 0:
            return None
        if not told.authorised:
            return Step.AUTHORISE if self.amount.amount and not told.voided else None
        if self.capturing and not told.captured:
            return Step.CAPTURE
        return Step.REFUND if self.refunds else None

    def is_due(self, now: datetime) -> bool:
        """Whether it is time for the next step."""
        return self.next_step is not None and (self.retry_at is None or now >= self.retry_at)

    @property
    def is_authorised(self) -> bool:
        """Whether its money may be captured, and nobody changed their mind."""
        return self.status is PaymentStatus.AUTHORISED and not self.cancelled and not self.failed

    @property
    def is_captured(self) -> bool:
        """Whether its money was taken, and nobody here wants it to go back: what the provider gives back later concerns the order no more."""
        return self.status in {PaymentStatus.CAPTURED, PaymentStatus.REFUNDED} and not self.cancelled and not self.failed

    @property
    def unasked(self) -> int:
        """How much of it the provider gave back by itself, for no wish that anybody here had or has made of it since."""
        return self.told.refunded - self.fulfilled

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is to be asked, and nobody waits for an answer; but for questions about what may still arrive."""
        return self.call is None and self.next_step in {None, Step.QUERY}

    def amount_of(self, step: Step) -> Money:
        """How much a step is about; what the provider gave back by itself is not given back again."""
        if step is not Step.REFUND:
            return self.amount
        left = self.told.captured - self.told.refunded
        return self.amount.of(min(left, next(iter(self.refunds.values()), left)))

    def evolve(self, event: Event) -> Self:  # noqa: C901, PLR0911, PLR0912 — one line per kind of event.
        """The payment after one more fact."""
        told = self.told
        match event:
            case e.PaymentRequested(order_id=order_id, round=round, customer_id=customer_id, amount=amount):
                return self.but(order_id=order_id, round=round, customer_id=customer_id, amount=amount)
            case e.CaptureRequested():
                return self.but(capturing=True)
            case e.PaymentCancelled(order_id=order_id, round=round, customer_id=customer_id):
                return self.but(order_id=order_id, round=round, customer_id=self.customer_id or customer_id, cancelled=True, retry_at=None)
            case e.RefundRequested(refund_id=refund_id, amount=amount):
                return self.but(refunds={**self.refunds, refund_id: amount.amount})
            case e.CallStarted(step=step, attempt=attempt, key=key, until=until):
                return self.but(call=Call(step, attempt, key, until), tries={**self.tries, step: attempt}, retry_at=None)
            case e.CallFailed(step=step, retry_at=at, answered=answered):
                answers = {**self.answers, step: self.answers.get(step, 0) + answered}
                return self.but(call=None, answers=answers, retry_at=at, unsure=self.unsure and not answered)
            case e.CallUnknown(retry_at=at, asked=asked, declined=declined) if self.call is not None:
                call = msgspec.structs.replace(self.call, lost=True, asked=asked, declined=declined or self.call.declined)
                return self.but(call=call, retry_at=at, unsure=self.unsure or call.step is Step.AUTHORISE)
            case e.RecheckPlanned(since=since, retry_at=at):
                return self.but(unsure_since=None if at is None else since, retry_at=at)
            case e.PaymentAuthorised(amount=amount):
                told = msgspec.structs.replace(told, authorised=amount.amount)
                return self._known(Step.AUTHORISE, PaymentStatus.AUTHORISED, told).but(unsure=False, unsure_since=None)
            case e.PaymentCaptured(amount=amount):
                return self._known(Step.CAPTURE, PaymentStatus.CAPTURED, msgspec.structs.replace(told, captured=amount.amount))
            case e.PaymentVoided(amount=amount):
                return self._voided(amount)
            case e.PaymentRefunded(amount=amount, refund_id=refund_id):
                return self._given_back(amount.amount, refund_id)
            case e.PaymentFailed(message=message):
                return self.but(failed=True, message=message, status=PaymentStatus.FAILED, call=None, retry_at=None)
        return self

    def _known(self, step: Step, status: PaymentStatus, told: Charge) -> Self:
        state = self.but(status=status, told=told)
        is_answer = self.call is None or self.call.step is step
        return state.but(call=None, retry_at=None) if is_answer else state

    def _voided(self, amount: Money) -> Self:
        told = msgspec.structs.replace(self.told, voided=self.told.voided + amount.amount)
        over = PaymentStatus.REFUNDED if told.captured else PaymentStatus.FAILED if self.failed else PaymentStatus.VOIDED
        worth = self.amount if self.amount.currency else amount
        return self.but(status=over, told=told, amount=worth, call=None, retry_at=None)

    def _given_back(self, amount: int, refund_id: UUID | None) -> Self:
        told = msgspec.structs.replace(self.told, refunded=self.told.refunded + amount)
        left = {other: worth for other, worth in self.refunds.items() if other != refund_id}
        is_all = told.refunded >= told.captured
        given_back = self.given_back if refund_id is None else self.given_back | {refund_id}
        status = PaymentStatus.REFUNDED if is_all else self.status
        # Where nothing moved, nobody answered: a call that is under way still is.
        state = self._known(Step.REFUND, status, told) if amount else self.but(status=status)
        fulfilled = self.fulfilled + (0 if refund_id is None else self.refunds.get(refund_id, 0))
        return state.but(refunds=left, given_back=given_back, fulfilled=fulfilled)
