"""One payment: what follows from what the provider says, and what does not follow from what it said too late."""

from domain.payments import events as e
from domain.payments.charge import Charge
from domain.payments.errors import ProviderDisagrees
from domain.payments.step import Step
from domain.shared.payment_status import PaymentStatus
from tests.payments.steps import (
    HELD,
    PAID,
    POLICY,
    TAKEN,
    WISH,
    WORTH,
    after,
    cancelled,
    captured,
    declined,
    known_to_be,
    learnt,
    lost,
    refused,
    requested,
    started,
    wished,
)
from tests.scenario import NOON, given


def test_after_a_lost_call_the_same_one_is_made_again_and_after_a_refusal_another_one():
    first = after(requested, started)
    again = after(requested, started, lost, known_to_be(Charge()), started)
    other = after(requested, started, refused, started)
    assert again.call.key == first.call.key
    assert other.call.key != first.call.key


def test_who_answers_the_first_attempt_late_does_not_answer_the_second_under_the_same_key():
    second = after(requested, started, lost, known_to_be(Charge()), started)
    assert second.heard(second.call.key, 1) == ""
    assert second.heard(second.call.key, 2) == second.call.key
    given(second).when(lambda payment: payment.refused(payment.heard(payment.call.key, 1), "busy", "Not now.", NOON, POLICY, 0)).nothing()


def test_what_cannot_be_voided_is_asked_about_first_since_it_may_have_been_captured_after_all():
    voiding = after(*PAID[:5], lost, known_to_be(HELD), cancelled, started, declined)
    assert voiding.next_step is Step.QUERY
    assert voiding.after(*known_to_be(TAKEN)(voiding)).next_step is Step.REFUND
    void = given(voiding).when(known_to_be(HELD)).then_a(e.PaymentVoided, amount=WORTH)
    assert void.is_quiet


def test_a_refund_that_is_declined_is_asked_about_and_then_for_what_is_left():
    payment = after(*PAID, cancelled, started, declined, known_to_be(Charge(authorised=100, captured=100, refunded=30)), started)
    assert payment.amount_of(Step.REFUND) == WORTH.of(70)
    assert payment.after(*known_to_be(Charge(authorised=100, captured=100, refunded=100))(payment)).is_quiet


def test_a_refund_that_was_refused_is_another_call_and_a_lost_one_is_the_same():
    first = after(*PAID, wished(40), started)
    assert after(*PAID, wished(40), started, refused, started).call.key != first.call.key
    assert after(*PAID, wished(40), started, lost, known_to_be(TAKEN), started).call.key == first.call.key


def test_once_everything_went_back_no_wish_is_left():
    payment = after(*PAID, wished(80), learnt(Charge(authorised=100, captured=100, refunded=30)))
    over = payment.after(*payment.learn(Charge(authorised=100, captured=100, refunded=100), NOON))
    assert (over.status, over.given_back, over.is_quiet) == (PaymentStatus.REFUNDED, {WISH}, True)


def test_what_the_provider_lets_go_by_itself_has_failed_unless_nobody_wants_it_any_more():
    gone = Charge(authorised=100, voided=100)
    payment = after(requested, started, known_to_be(HELD))
    assert [type(fact) for fact in payment.learn(gone, NOON)] == [e.PaymentVoided, e.PaymentFailed]
    unwanted = payment.after(*cancelled(payment))
    given(unwanted).when(learnt(gone)).then_a(e.PaymentVoided)


def test_money_that_came_although_nobody_wanted_it_any_more_is_not_there_to_be_kept():
    payment = after(requested, started, known_to_be(HELD), captured, started, declined, learnt(TAKEN))
    assert (payment.is_captured, payment.next_step) == (False, Step.REFUND)


def test_old_news_is_no_news_and_impossible_news_is_refused():
    payment = after(*PAID)
    given(payment).when(learnt(HELD)).nothing()
    given(payment).when(learnt(Charge(authorised=100, captured=50))).nothing()
    given(payment).when(learnt(Charge(authorised=200, captured=100))).refused(ProviderDisagrees)
    given(payment).when(learnt(Charge(authorised=100, captured=100, refunded=101))).refused(ProviderDisagrees)
    given(payment).when(learnt(Charge(authorised=100, captured=100, voided=100))).refused(ProviderDisagrees)


def test_as_much_of_another_currency_is_not_what_was_asked_for():
    payment = after(requested, started)
    given(payment).when(learnt(Charge(authorised=100, currency="USD"))).refused(ProviderDisagrees)
    given(payment).when(learnt(Charge(currency="USD"))).refused(ProviderDisagrees)
    assert payment.learn(Charge(authorised=100, currency="GBP"), NOON) == payment.learn(HELD, NOON) != []


def test_news_end_a_pause_that_was_meant_for_another_step():
    payment = after(requested, started, refused, learnt(HELD), captured)
    assert (payment.next_step, payment.is_due(NOON)) == (Step.CAPTURE, True)


def test_what_was_cancelled_before_it_was_asked_for_stays_so_and_has_a_currency():
    payment = after(cancelled, requested)
    assert (payment.status, payment.amount, payment.is_quiet) == (PaymentStatus.VOIDED, WORTH.of(0), True)
