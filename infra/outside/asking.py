"""Asking the payment provider for one step of a payment, and telling what came of it: the same for whoever does it, and in every test."""

import logging

from application.payments.call import Answered, Refused, TellOutcome, Unknown
from application.payments.gateway import Declined, Gateway, NotDone, OutcomeUnknown, Refusal
from application.shared.context import Context
from application.shared.dispatch import Dispatch
from domain.payments.errors import ProviderDisagrees
from domain.payments.payment import Payment
from domain.payments.step import Step

log = logging.getLogger(__name__)


async def ask(gateway: Gateway, payment: Payment, step: Step) -> Answered | Refused | Unknown:
    """What the provider says; never raises but when cancelled."""
    try:
        if step is Step.QUERY:
            return Answered(await gateway.query(payment.id))
        return Answered(await gateway.carry_out(step, payment.id, payment.amount_of(step), "" if payment.call is None else payment.call.key))
    except Refusal as why:
        return _refused(why, step)
    except OutcomeUnknown as why:
        return Unknown(str(why) or "no answer")
    except Exception as error:
        log.exception("the payment provider was asked in vain", extra={"payment": str(payment.id), "step": step})
        return Unknown(f"{type(error).__name__}")


def _refused(why: Refusal, step: Step) -> Refused | Unknown:
    """Who was not told how things stand knows nothing of the call that was asked about."""
    if step is Step.QUERY:
        return Unknown(why.message)
    return Refused(why.code, why.message, final=isinstance(why, Declined), answered=not isinstance(why, NotDone) or why.answered)


async def tell(dispatch: Dispatch, payment: Payment, outcome: Answered | Refused | Unknown, context: Context) -> Payment:
    """The payment after it. An answer that cannot be meant is told as unknown: it is asked again later, and listed as stuck."""
    key, attempt = ("", 0) if payment.call is None else (payment.call.key, payment.call.attempt)
    try:
        told: Payment = (await dispatch(TellOutcome(payment_id=payment.id, key=key, attempt=attempt, outcome=outcome), context)).result
    except ProviderDisagrees as why:
        log.error("the payment provider speaks of other amounts", extra={"payment": str(payment.id), "why": str(why)})  # noqa: TRY400 — no fault of this code.
        told = (await dispatch(TellOutcome(payment_id=payment.id, key=key, attempt=attempt, outcome=Unknown(str(why))), context)).result
    return told
