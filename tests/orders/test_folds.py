"""What the row of an order comes to: from when on it is stuck, and what it keeps of its timeline."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import pytest

from domain.orders import events as e
from domain.orders.order import Order
from domain.orders.status import RejectionReason
from domain.shared.event import Event, Recorded
from domain.shared.payment_status import PaymentStatus
from projections.orders.orders import NEWEST, ORDERS, OrderRow
from tests.orders import states as s
from tests.scenario import NOON, folded

HOUR = timedelta(hours=1)


def row_of(happened: Sequence[Event]) -> OrderRow:
    recorded = [Recorded(100 + nth, s.fresh.id, nth, event, None, NOON) for nth, event in enumerate(happened, 1)]
    return folded(ORDERS, recorded)[s.fresh.id]


def life(*steps: str) -> list[Event]:
    """An order's events, step by step."""
    order, happened = s.fresh, list[Event]()
    for step in ("place", *steps):
        facts = STEPS[step](order)
        order, happened = order.after(*facts), happened + facts
    return happened


def refund(order: Order) -> list[Event]:
    refund_id, at = (s.ANOTHER, NOON + 2 * HOUR) if order.refunds else (s.REFUND, NOON + HOUR)
    return order.request_refund(refund_id, 1, None, "broken", at, restock=False)


STEPS = {
    "place": lambda order: order.place(s.CUSTOMER, s.LINES, s.PATIENCE, NOON),
    "reserve": lambda order: order.reserve(1, s.UNTIL, NOON),
    "confirm": lambda order: order.confirm(1, NOON),
    "complete": lambda order: order.complete(1, NOON),
    "cancel": lambda order: order.cancel("Too slow.", NOON),
    "fail": lambda order: order.reject(1, RejectionReason.PAYMENT_FAILED, "No funds.", NOON, payment_failed=True),
    "settle": lambda order: order.settle(1, PaymentStatus.VOIDED, NOON),
    "retry": lambda order: order.retry(s.PATIENCE, NOON + HOUR),
    "again": lambda order: order.in_turn(
        lambda order: order.retry(s.PATIENCE, NOON + HOUR),
        lambda order: order.reserve(2, s.UNTIL, NOON),
        lambda order: order.confirm(2, NOON),
        lambda order: order.complete(2, NOON),
    ),
    "taken late": lambda order: order.settle(1, PaymentStatus.CAPTURED, NOON + 2 * HOUR),
    "given back": lambda order: order.settle(1, PaymentStatus.REFUNDED, NOON + 3 * HOUR),
    "refund": refund,
    "refunded": lambda order: order.refund(s.REFUND, NOON + HOUR),
}
DONE = ("reserve", "confirm", "complete")


@pytest.mark.parametrize(
    ("steps", "late_at"),
    [
        ((), NOON + s.PATIENCE),
        (("reserve", "confirm"), NOON + s.PATIENCE),
        (DONE, None),
        (("reserve", "cancel"), NOON + s.PATIENCE),
        (("reserve", "cancel", "settle"), None),
        (("reserve", "fail"), None),
        (("reserve", "fail", "retry"), NOON + HOUR + s.PATIENCE),
        (("reserve", "fail", "again"), None),
        (("reserve", "fail", "again", "taken late"), NOON + 2 * HOUR + s.PATIENCE),
        (("reserve", "fail", "again", "taken late", "given back"), None),
        ((*DONE, "refund"), NOON + HOUR + s.PATIENCE),
        ((*DONE, "refund", "refund"), NOON + HOUR + s.PATIENCE),
        ((*DONE, "refund", "refunded"), None),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, tuple) else "",
)
def test_it_is_stuck_from_its_deadline_on_while_goods_or_money_are_under_way(steps: tuple[str, ...], late_at: datetime | None):
    assert row_of(life(*steps)).late_at == late_at


def test_its_timeline_says_when_what_happened_and_why():
    assert bytes(row_of(life("reserve", "fail")).timeline) == b"".join(
        (
            b'[{"at":"2026-03-01T12:00:00Z","type":"order.placed","position":101},',
            b'{"at":"2026-03-01T12:00:00Z","type":"order.reserved","position":102},',
            b'{"at":"2026-03-01T12:00:00Z","type":"order.rejected","position":103,"message":"No funds."}]',
        )
    )


def test_money_of_an_earlier_try_is_on_the_timeline_and_says_nothing_of_this_one():
    row = row_of(life("reserve", "fail", "again", "taken late", "taken late", "given back"))
    assert (row.status, row.payment_status, bytes(row.earlier)) == ("completed", "captured", b'{"1":"refunded"}')
    told = [(one["type"], one.get("message")) for one in msgspec.json.decode(row.timeline)[-3:]]
    assert told == [("order.completed", None), ("order.payment_settled", "captured (try 1)"), ("order.payment_settled", "refunded (try 1)")]


def test_of_a_long_timeline_it_keeps_the_newest():
    resumed = [e.OrderResumed(order_id=s.fresh.id, at=NOON, round=1)] * (NEWEST + 10)
    timeline = bytes(row_of([*life(), *resumed]).timeline)
    assert (timeline.count(b"order.resumed"), b"order.placed" in timeline) == (NEWEST, False)
