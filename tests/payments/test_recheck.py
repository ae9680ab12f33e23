"""A payment that was given up while a call for it may still arrive: it is asked about until whatever appeared would have lapsed."""

from datetime import timedelta

import pytest

from domain.payments.charge import Charge
from domain.payments.step import Step
from domain.shared.payment_status import PaymentStatus
from tests.payments.steps import HELD, POLICY, after, cancelled, declined, known_to_be, learnt, lost, refused, requested, started
from tests.scenario import NOON, given


def unheard(payment):
    return payment.refused(payment.call.key, "busy", "Nobody looked at it.", NOON, POLICY, 0, answered=False)


def looked(charge):
    """Somebody asks again about what was given up, once it is time."""
    return lambda payment: payment.answered("", charge, payment.retry_at, POLICY, 0)


def test_what_was_given_up_is_asked_about_while_a_call_for_it_may_still_arrive():
    gone = after(requested, started, lost, cancelled, known_to_be(Charge()))
    assert (gone.status, gone.is_quiet, gone.next_step, gone.is_due(NOON)) == (PaymentStatus.VOIDED, True, Step.QUERY, False)
    found = gone.after(*looked(HELD)(gone))
    assert (found.next_step, found.told.authorised) == (Step.VOID, 100)
    over = found.after(*found.in_turn(started, known_to_be(Charge(authorised=100, voided=100))))
    assert (over.status, over.next_step) == (PaymentStatus.VOIDED, None)


@pytest.mark.parametrize(
    "gave_up",
    [
        (lost, known_to_be(Charge()), cancelled),
        (cancelled, lost, known_to_be(Charge())),
        (lost, known_to_be(Charge()), started, unheard, cancelled),
        (lost, known_to_be(Charge()), started, lost, known_to_be(Charge()), started, unheard),
    ],
    ids=["between two tries", "while it was asked", "while nobody was there", "after the last try"],
)
def test_however_it_was_given_up(gave_up):
    assert after(requested, started, *gave_up).next_step is Step.QUERY


@pytest.mark.parametrize(
    "gave_up",
    [(cancelled, refused), (lost, known_to_be(Charge()), started, refused, cancelled), (lost, known_to_be(Charge()), started, declined)],
    ids=["the only call was refused", "the same call was refused", "the same call was declined"],
)
def test_what_the_provider_itself_refused_cannot_arrive_any_more(gave_up):
    assert after(requested, started, *gave_up).next_step is None


def test_it_is_asked_after_as_long_again_each_time_until_whatever_appeared_would_have_lapsed():
    payment, asked = after(requested, started, lost, cancelled, known_to_be(Charge())), list[float]()
    while payment.next_step is Step.QUERY:
        asked.append((payment.retry_at - NOON).total_seconds())
        payment = payment.after(*(looked(Charge()) if len(asked) % 2 else looked_in_vain)(payment))
    assert asked[:5] == [1, 2, 4, 8, 16]
    assert (asked[-1], len(asked)) == (timedelta(days=7).total_seconds(), 21)
    assert payment.after(*learnt(HELD)(payment)).next_step is Step.VOID


def looked_in_vain(payment):
    return payment.unknown("", "no answer", payment.retry_at, POLICY, 0)


def test_an_answer_that_is_too_early_or_of_another_call_is_no_answer_to_that_question():
    gone = after(requested, started, lost, cancelled, known_to_be(Charge()))
    given(gone).when(lambda payment: payment.answered("", Charge(), NOON, POLICY, 0)).nothing()
    given(gone).when(lambda payment: payment.unknown("", "no answer", NOON, POLICY, 0)).nothing()
