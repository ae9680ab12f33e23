"""What may not be true of an order, whatever happened to it."""

from collections import Counter
from collections.abc import Sequence

from domain.orders import events as e
from domain.orders.order import Order
from domain.orders.status import PAID, OrderStatus
from domain.shared.event import Event


def never(order: Order, happened: Sequence[Event]) -> None:
    """An order as it stands, after these events."""
    either = [event.round for event in happened if isinstance(event, e.OrderConfirmed | e.OrderCancelled)]
    assert len(set(either)) == len(either), "confirmed and cancelled"
    ends = [event.round for event in happened if isinstance(event, e.OrderCompleted | e.OrderRejected | e.OrderCancelled)]
    assert len(set(ends)) == len(ends), "two ends of one try"
    assert 0 <= order.refunded <= order.refunded + sum(order.refunds.values()) <= order.total.amount
    bought = Counter({line.product_id: line.quantity for line in order.lines})
    assert Counter(order.returned) <= Counter(order.given_back) <= bought
    if order.status is OrderStatus.REFUNDED:
        assert (order.refunded, order.payment_status) == (order.total.amount, "refunded")
    if order.payment_status == "captured":
        assert order.status is OrderStatus.COMPLETED
    if order.fulfilment_status != "unfulfilled":
        assert order.status in PAID
