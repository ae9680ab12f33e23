"""The life of an order: what may become of it, and what may not."""

from collections.abc import Callable, Mapping

import pytest
from msgspec.structs import replace

from domain.orders import events as e
from domain.orders.errors import AlreadyPaid, PaymentInProgress
from domain.orders.events import Line
from domain.orders.order import LINES as MOST_LINES
from domain.orders.order import Order
from domain.orders.status import RejectionReason
from domain.shared.conflicts import InvalidTransition
from domain.shared.event import Event
from domain.shared.money import MOST, Money
from domain.shared.payment_status import PaymentStatus
from domain.shared.refused import Refused
from tests.orders import states as s
from tests.scenario import NOON, given

DONE = {"completed", "shipped", "delivered"}
Step = Callable[[Order], list[Event]]
STEPS: Mapping[str, tuple[type[Event], Step, set[str]]] = {
    "reserved": (e.OrderReserved, lambda order: order.reserve(1, s.UNTIL, NOON), {"pending"}),
    "confirmed": (e.OrderConfirmed, lambda order: order.confirm(1, NOON), {"reserved"}),
    "completed": (e.OrderCompleted, lambda order: order.complete(1, NOON), {"confirmed"}),
    "rejected": (e.OrderRejected, lambda order: order.reject(1, RejectionReason.PAYMENT_FAILED, "No.", NOON), {"pending", "reserved", "confirmed"}),
    "cancelled": (e.OrderCancelled, lambda order: order.cancel("", NOON), {"pending", "reserved"}),
    "retried": (e.OrderRetried, lambda order: order.retry(s.PATIENCE, NOON), {"unpaid", "settled"}),
    "settled": (e.OrderPaymentSettled, lambda order: order.settle(1, PaymentStatus.VOIDED, NOON), {"cancelled", "short", "unpaid", "expired"}),
    "refund": (e.OrderRefundRequested, lambda order: order.request_refund(s.ANOTHER, 1, None, "x", NOON, restock=False), DONE),
    "refunded": (e.OrderRefunded, lambda order: order.refund(s.REFUND, NOON), {"refunding"}),
    "shipped": (e.OrderShipped, lambda order: order.ship("", "", NOON), {"completed"}),
    "delivered": (e.OrderDelivered, lambda order: order.deliver(NOON), {"shipped"}),
    "resumed": (e.OrderResumed, lambda order: order.resume(NOON), set(s.ALL)),
}  # fmt: skip


@pytest.mark.parametrize("state", s.ALL)
@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_taken_where_it_may_be_and_nowhere_else(state, step):
    kind, take, allowed = STEPS[step]
    then = given(s.ALL[state]).when(take)
    if state in allowed:
        then.then_a(kind)
    else:
        assert then.outcome == [] or isinstance(then.outcome, Refused)


@pytest.mark.parametrize("step", ["reserved", "confirmed", "completed", "rejected", "settled"])
def test_what_is_said_of_an_earlier_try_changes_nothing_in_the_next_one(step):
    _, take, allowed = STEPS[step]
    for state in allowed:
        given(replace(s.ALL[state], round=2)).when(take).nothing()


def test_it_freezes_what_was_bought_at_which_price():
    then = given(s.fresh).when(lambda order: order.place(s.CUSTOMER, s.LINES, s.PATIENCE, NOON))
    placed = then.then_a(e.OrderPlaced, lines=s.LINES, total=Money(s.TOTAL, "GBP"), due_at=NOON + s.PATIENCE)
    assert (placed.status, placed.payment_status, placed.fulfilment_status) == ("pending", "pending", "unfulfilled")


def lines(*prices: Money, name: str = "Lamp", quantity: int = 1) -> list[Line]:
    return [Line(s.LAMP, name, price, quantity) for price in prices]


@pytest.mark.parametrize(
    ("bought", "code"),
    [
        ([], "required"),
        (lines(Money(1, "GBP"), Money(1, "EUR")), "mixed_currencies"),
        (lines(Money(MOST, "GBP"), quantity=2), "out_of_range"),
        (lines(*[Money(1, "GBP")] * MOST_LINES, name="n" * 255), "too_large"),
    ],
    ids=["nothing", "two currencies", "more than anybody has", "more than an event holds"],
)
def test_what_cannot_be_an_order_is_named(bought, code):
    given(s.fresh).when(lambda order: order.place(s.CUSTOMER, bought, s.PATIENCE, NOON)).invalid("/products", code)


def test_cancelling_twice_is_cancelling_once():
    given(s.cancelled).when(lambda order: order.cancel("again", NOON)).nothing()


@pytest.mark.parametrize("state", ["confirmed", "completed", "unpaid", "refunded"])
def test_who_cancels_too_late_is_told_how_it_stands(state):
    refused = given(s.ALL[state]).when(lambda order: order.cancel("", NOON)).refused(InvalidTransition, to="cancelled")
    assert refused.facts["from"] == s.ALL[state].status


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("pending", PaymentInProgress),
        ("reserved", PaymentInProgress),
        ("confirmed", PaymentInProgress),
        ("expired", PaymentInProgress),
        ("completed", AlreadyPaid),
        ("refunding", AlreadyPaid),
        ("refunded", AlreadyPaid),
        ("short", InvalidTransition),
        ("cancelled", InvalidTransition),
    ],
)
def test_who_may_not_pay_again_is_told_why(state, why):
    given(s.ALL[state]).when(lambda order: order.retry(s.PATIENCE, NOON)).refused(why)


def test_another_try_begins_from_the_beginning_with_the_same_prices_and_a_new_deadline():
    retried = given(s.unpaid).when(lambda order: order.retry(s.PATIENCE, s.LATER)).then_a(e.OrderRetried, round=2, due_at=s.LATER + s.PATIENCE)
    assert (retried.status, retried.payment_status, retried.reason, retried.status_message) == ("pending", "pending", None, "")
    assert (retried.lines, retried.total) == (s.unpaid.lines, s.unpaid.total)


def test_what_is_shipped_or_delivered_once_is_not_so_again():
    given(s.shipped).when(lambda order: order.ship("DHL", "", NOON)).nothing()
    given(s.delivered).when(lambda order: order.deliver(NOON)).nothing()
    given(s.completed).when(lambda order: order.deliver(NOON)).refused(InvalidTransition, to="delivered", allowed=[])
    given(s.confirmed).when(lambda order: order.ship("", "", NOON)).refused(InvalidTransition, to="shipped")


def test_what_goes_back_is_not_shipped_and_of_what_goes_back_in_part_the_rest_is():
    given(s.refunding).when(lambda order: order.ship("", "", NOON)).refused(InvalidTransition, to="shipped")
    partly = s.completed.after(*s.completed.request_refund(s.REFUND, 100, None, "scratched", NOON, restock=False))
    given(partly).when(lambda order: order.ship("", "", NOON)).then_a(e.OrderShipped)


def test_a_rejection_for_its_payment_leaves_no_money_open_and_any_other_one_does_until_it_is_settled():
    assert s.unpaid.payment_status == "failed"
    assert s.expired.payment_status == "pending"
    assert s.settled.payment_status == "voided"
