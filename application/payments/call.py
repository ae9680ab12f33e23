"""Asking the payment provider: take the next step, ask, and say what came of it; and what to do about those who never said."""

from typing import Any, Final
from uuid import UUID

import msgspec

from application.payments.policy import chance, policy
from application.shared.command import Command, handles
from application.shared.deadline import Deadline, deadline
from application.shared.ports import Ports
from domain.payments import events as e
from domain.payments.charge import Charge
from domain.payments.payment import Payment
from domain.payments.step import Step
from domain.shared.event import Recorded
from domain.shared.refused import NotFound


class Answered(msgspec.Struct, frozen=True, tag=True):
    """The provider said how it stands."""

    charge: Charge


class Refused(msgspec.Struct, frozen=True, tag=True):
    """It was not done; `final`: and never will be."""

    code: str
    message: str
    final: bool = False
    answered: bool = True


class Unknown(msgspec.Struct, frozen=True, tag=True):
    """Nobody knows."""

    message: str


class StartCall(Command, frozen=True):
    """Take the next step of a payment, if there is one and it is time."""

    payment_id: UUID


class TellOutcome(Command, frozen=True):
    """What came of the call under this key, or of the question about it."""

    payment_id: UUID
    key: str
    outcome: Answered | Refused | Unknown
    attempt: int = 0
    """Of which attempt under that key; 0: of the one that is under way."""


class LearnCharge(Command, frozen=True):
    """The provider told by itself how a payment stands."""

    payment_id: UUID
    charge: Charge


class LoseCall(Command, frozen=True):
    """Whoever made the call under this key may be gone."""

    payment_id: UUID
    step: Step
    key: str


class Taken(msgspec.Struct, frozen=True):
    """What whoever asked has to do now for a payment: take `step`, or (`query`) ask how it stands; None: nothing, not yet."""

    payment: Payment
    step: Step | None


@handles(StartCall)
async def start_call(command: StartCall, ports: Ports) -> Taken:
    """Nobody else takes the same step. Raises `NotFound`."""
    before = await ports.log.load(Payment, command.payment_id)
    if not before.exists:
        raise NotFound
    if before.next_step is Step.QUERY and before.is_due(ports.now):
        return Taken(before, Step.QUERY)
    started = before.start(policy(ports).payment_patience, ports.now)
    return Taken(ports.log.stage(before, *started), before.next_step if started else None)


@handles(TellOutcome)
async def tell_outcome(command: TellOutcome, ports: Ports) -> Payment:
    """Of another call than the one that is under way nothing comes but what is new. Raises `NotFound`, `ProviderDisagrees`."""
    now, backoff, luck = ports.now, policy(ports).payment_backoff, chance(ports)

    def decide(payment: Payment) -> Any:
        key = payment.heard(command.key, command.attempt)
        match command.outcome:
            case Answered(charge=charge):
                return payment.answered(key, charge, now, backoff, luck)
            case Refused(code=code, message=message, final=True):
                return payment.declined(key, code, message, now, backoff, luck)
            case Refused(code=code, message=message, answered=answered):
                return payment.refused(key, code, message, now, backoff, luck, answered=answered)
            case Unknown(message=message):
                return payment.unknown(key, message, now, backoff, luck)

    return await ports.log.change(Payment, command.payment_id, decide)


@handles(LearnCharge)
async def learn_charge(command: LearnCharge, ports: Ports) -> Payment:
    """What is known already is not learnt again. Raises `NotFound`, `ProviderDisagrees`."""
    return await ports.log.change(Payment, command.payment_id, lambda payment: payment.learn(command.charge, ports.now))


@handles(LoseCall)
async def lose_call(command: LoseCall, ports: Ports) -> Payment:
    """Raises `CallNotDue`, `NotFound`."""
    return await ports.log.change(Payment, command.payment_id, lambda payment: payment.lose(command.key, ports.now))


ENDS: Final[dict[type[e.PaymentEvent], frozenset[Step]]] = {
    e.CallFailed: frozenset(Step),
    e.CallUnknown: frozenset(Step),
    e.PaymentFailed: frozenset(Step),
    e.PaymentVoided: frozenset(Step),
    e.PaymentAuthorised: frozenset({Step.AUTHORISE}),
    e.PaymentCaptured: frozenset({Step.CAPTURE}),
    e.PaymentRefunded: frozenset({Step.REFUND}),
}
"""Which calls are over with which news."""


@deadline("payments.calls", e.CallStarted, *ENDS)
def lost(payment_id: UUID, before: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """A call that was started and of which nothing was heard."""
    event = recorded.event
    if isinstance(event, e.CallStarted):
        return Deadline(event.until, LoseCall(payment_id=payment_id, step=event.step, key=event.key))
    if isinstance(event, e.PaymentRefunded) and not event.amount.amount:
        return before  # No call did that.
    waiting = before.command if before is not None else None
    return None if isinstance(waiting, LoseCall) and waiting.step in ENDS[type(event)] else before
