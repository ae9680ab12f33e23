"""What is shown of a payment's attempts: what came of each, and when the next one is, while there will be one."""

import pytest

from domain.shared.event import Recorded
from projections.payments.payment_search import shown
from projections.payments.payments import PAYMENTS
from tests.payments import steps
from tests.scenario import NOON, folded


def attempts(*decisions):
    fresh = steps.Payment(id=steps.payment_id(steps.ORDER, 1))
    facts = fresh.in_turn(*decisions)
    log = [Recorded(nth, fresh.id, nth, fact, None, NOON) for nth, fact in enumerate(facts, 1)]
    told = shown(folded(PAYMENTS, log)[fresh.id])
    return [(one.number, one.outcome, one.next_attempt_at is not None) for one in told.attempts], told


BEGUN = (steps.requested, steps.started)


@pytest.mark.parametrize(
    ("decisions", "wanted"),
    [
        (BEGUN, [(1, "started", False)]),
        ((*BEGUN, steps.refused), [(1, "failed", True)]),
        ((*BEGUN, steps.refused, steps.started), [(1, "failed", True), (2, "started", False)]),
        ((*BEGUN, steps.refused, steps.cancelled), [(1, "failed", False)]),
        ((*BEGUN, steps.lost), [(1, "unknown", True)]),
        ((*BEGUN, steps.cancelled, steps.refused), [(1, "cancelled", False)]),
        ((*BEGUN, steps.declined), [(1, "failed", False)]),
        ((*BEGUN, steps.known_to_be(steps.HELD), steps.captured, steps.started, steps.declined), [(1, "authorised", False)]),
    ],
)
def test_each_attempt_says_what_came_of_it(decisions, wanted):
    assert attempts(*decisions)[0] == wanted


def test_what_is_taken_and_what_goes_back_is_shown_and_what_comes_next():
    told = attempts(*steps.PAID, steps.wished(40), steps.started, steps.lost)[1]
    assert (told.status, told.captured_amount.amount, told.refunded_amount.amount, told.next_step) == ("captured", 100, 0, "query")
    assert told.due_at is not None
    assert (told.amount.currency, told.version) == ("GBP", 9)
