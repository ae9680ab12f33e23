"""When an attempt is made again: the base delay, doubled each time; and after how many attempts a payment is given up (S2-30, CF-37)."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.payments import events as e
from domain.payments.backoff import ENDURING, Backoff
from domain.payments.charge import Charge
from domain.payments.payment import Payment, payment_id
from domain.payments.step import Step
from domain.shared.money import Money
from infra.settings import read_settings
from tests.infra.test_settings import ENOUGH
from tests.scenario import NOON

TEN = Money(1000, "GBP")
PATIENCE = timedelta(seconds=30)


def requested() -> Payment:
    order = uuid4()
    fresh = Payment(id=payment_id(order, 1))
    return fresh.after(*fresh.request(order, 1, uuid4(), TEN, NOON))


def milliseconds(pause: timedelta) -> float:
    return pause / timedelta(milliseconds=1)


def test_each_pause_is_twice_the_last_one():
    policy = Backoff(delay=timedelta(milliseconds=300))
    assert [milliseconds(policy.pause(retry)) for retry in range(1, 11)] == [300 * 2 ** (retry - 1) for retry in range(1, 11)]


def test_no_pause_is_longer_than_the_settings_allow_nor_shorter_than_their_jitter():
    policy = Backoff(delay=timedelta(milliseconds=300), jitter=0.5, longest=timedelta(seconds=1))
    assert [milliseconds(policy.pause(retry)) for retry in (1, 2, 3, 60)] == [300, 600, 1000, 1000]
    assert [milliseconds(policy.pause(retry, chance=1)) for retry in (1, 2, 3)] == [150, 300, 500]


def test_no_doubling_leaves_the_calendar():
    patient = Backoff(retries=10_000, delay=timedelta(days=1))
    assert patient.pause(10_000) == timedelta(days=365)
    assert patient.enduring(10_000) == ENDURING


def test_the_settings_say_how_often_and_how_long():
    given = {"BACKOFF_RETRIES": "4", "BACKOFF_DELAY": "250", "BACKOFF_JITTER": "0.1", "BACKOFF_MAX_DELAY": "900", "PAYMENT_LAPSE": "2d"}
    chosen = Backoff(4, timedelta(milliseconds=250), 0.1, timedelta(milliseconds=900), timedelta(days=2))
    assert read_settings(ENOUGH | given).payment_backoff == chosen
    assert read_settings(ENOUGH).payment_backoff == Backoff(10, timedelta(milliseconds=300), 0)


@pytest.mark.parametrize("retries", [0, 1, 4])
def test_a_payment_is_tried_once_and_then_as_often_as_it_may_be_retried(retries):
    policy, payment, now, keys, pauses = Backoff(retries=retries, delay=timedelta(milliseconds=300)), requested(), NOON, [], []
    while not payment.failed:
        assert payment.start(PATIENCE, now - timedelta(microseconds=1)) == [] or not keys
        payment = payment.after(*payment.start(PATIENCE, now))
        keys.append(payment.call.key)
        facts = payment.refused(payment.call.key, "no_funds", "Not enough money.", now, policy, 0)
        payment = payment.after(*facts)
        if isinstance(facts[0], e.CallFailed):
            pauses.append(milliseconds(facts[0].retry_at - now))
            now = facts[0].retry_at
    assert len(set(keys)) == 1 + retries
    assert pauses == [300 * 2**retry for retry in range(retries)]
    assert payment.message == "Not enough money."
    assert payment.is_quiet


def test_what_surely_never_arrived_is_the_same_attempt_for_the_provider():
    payment, policy = requested(), Backoff()
    first = payment.after(*payment.start(PATIENCE, NOON))
    waits = first.after(*first.refused(first.call.key, "away", "Not there.", NOON, policy, 0, answered=False))
    again = waits.after(*waits.start(PATIENCE, waits.retry_at))
    assert again.call.key == first.call.key
    assert again.call.attempt == 2


@pytest.mark.parametrize("step", [Step.CAPTURE, Step.VOID, Step.REFUND])
def test_what_has_to_be_done_is_never_given_up_and_never_waits_longer_than_five_minutes(step):
    payment, now, policy = requested(), NOON, Backoff(retries=1)
    authorised = payment.after(*payment.learn(Charge(authorised=1000), now))
    match step:
        case Step.CAPTURE:
            payment = authorised.after(*authorised.capture(now))
        case Step.VOID:
            payment = authorised.after(*authorised.cancel(payment.order_id, 1, uuid4(), TEN, now))
        case Step.REFUND:
            captured = authorised.after(*authorised.capture(now), *authorised.learn(Charge(authorised=1000, captured=1000), now))
            payment = captured.after(*captured.refund(uuid4(), TEN, now))
    for _ in range(40):
        assert payment.next_step is step
        payment = payment.after(*payment.start(PATIENCE, now))
        payment = payment.after(*payment.refused(payment.call.key, "busy", "Not now.", now, policy, 0))
        assert payment.retry_at - now <= ENDURING
        now = payment.retry_at
    assert not payment.failed


def test_nothing_is_asked_again_while_it_is_unknown_what_came_of_it():
    payment = requested()
    called = payment.after(*payment.start(PATIENCE, NOON))
    unknown = called.after(*called.unknown(called.call.key, "no answer", NOON, Backoff(), 0))
    assert unknown.next_step is Step.QUERY
    assert unknown.start(PATIENCE, NOON + timedelta(days=1)) == []
    known = unknown.after(*unknown.answered(called.call.key, Charge(authorised=1000), NOON, Backoff(), 0))
    assert known.is_authorised
