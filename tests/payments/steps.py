"""Steps of one payment: what is wanted of it and what the provider says, each as a decision."""

from datetime import timedelta
from uuid import UUID

from domain.payments.backoff import Backoff
from domain.payments.charge import Charge
from domain.payments.payment import Payment, payment_id
from domain.shared.money import Money
from tests.scenario import NOON

ORDER, CUSTOMER, WISH = UUID("01930000-0000-7000-8000-000000000001"), UUID(int=2), UUID(int=3)
WORTH = Money(100, "GBP")
PATIENCE = timedelta(seconds=30)
POLICY = Backoff(retries=2, delay=timedelta(seconds=1))
HELD, TAKEN = Charge(authorised=100), Charge(authorised=100, captured=100)


def after(*decisions):
    fresh = Payment(id=payment_id(ORDER, 1))
    return fresh.after(*fresh.in_turn(*decisions))


def requested(payment):
    return payment.request(ORDER, 1, CUSTOMER, WORTH, NOON)


def started(payment):
    return payment.start(PATIENCE, payment.retry_at or NOON)


def lost(payment):
    return payment.unknown(payment.call.key, "no answer", NOON, POLICY, 0)


def known_to_be(charge):
    return lambda payment: payment.answered(payment.call.key, charge, NOON, POLICY, 0)


def learnt(charge):
    return lambda payment: payment.learn(charge, NOON)


def captured(payment):
    return payment.capture(NOON)


def cancelled(payment):
    return payment.cancel(ORDER, 1, CUSTOMER, WORTH, NOON)


def wished(amount, wish=WISH):
    return lambda payment: payment.refund(wish, WORTH.of(amount), NOON)


def declined(payment):
    return payment.declined(payment.call.key, "no", "Never.", NOON, POLICY, 0)


def refused(payment):
    return payment.refused(payment.call.key, "busy", "Not now.", NOON, POLICY, 0)


PAID = (requested, started, known_to_be(HELD), captured, started, known_to_be(TAKEN))
