"""Whatever an order is told, in any order and of any try: what may never be true is never true, and its row agrees."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from domain.orders import events as e
from domain.orders.order import Order
from domain.orders.status import ENDED_BADLY, UNSETTLED, RejectionReason
from domain.shared.event import Event, Recorded
from domain.shared.payment_status import PaymentStatus
from domain.shared.refused import Refused
from projections.orders.orders import ORDERS
from tests.orders import states as s
from tests.orders.never import never
from tests.scenario import NOON, folded


class Said(Struct):
    """Something is said of a try of an order."""

    order: Order
    word: str
    turn: int
    nth: int

    @property
    def new(self) -> UUID:
        """The id of another refund."""
        return UUID(int=1000 + self.order.version)

    def refund(self, amount: int | None = None, pieces: Mapping[UUID, int] | None = None) -> list[Event]:
        return self.order.request_refund(self.new, amount, pieces, "broken", NOON, restock=bool(self.nth % 3))


WORDS: Mapping[str, Callable[[Said], list[Event]]] = {
    "reserved": lambda it: it.order.reserve(it.turn, s.UNTIL, NOON),
    "confirm": lambda it: it.order.confirm(it.turn, NOON),
    "complete": lambda it: it.order.complete(it.turn, NOON),
    "fail": lambda it: it.order.reject(it.turn, RejectionReason.PAYMENT_FAILED, "No.", NOON, payment_failed=True),
    "expire": lambda it: it.order.reject(it.turn, RejectionReason.RESERVATION_EXPIRED, "Late.", NOON),
    "cancel": lambda it: it.order.cancel("", NOON),
    "retry": lambda it: it.order.retry(s.PATIENCE, NOON),
    "settle": lambda it: it.order.settle(it.turn, PaymentStatus.VOIDED, NOON),
    "refund an amount": lambda it: it.refund(amount=it.nth),
    "refund pieces": lambda it: it.refund(pieces={s.ROPE: 1 + it.nth % 2, s.LAMP: 1}),
    "refund the rest": lambda it: it.refund(),
    "refunded": lambda it: it.order.refund(next(iter(it.order.refunds), s.REFUND), NOON),
    "ship": lambda it: it.order.ship("", "", NOON),
    "deliver": lambda it: it.order.deliver(NOON),
}
LIFE = ["reserved", "confirm", "complete"]
TURNS = st.lists(st.tuples(st.sampled_from([*WORDS, *LIFE, *LIFE]), st.integers(1, 3), st.integers(1, 2000)), max_size=40)


@settings(max_examples=200, deadline=None)
@given(TURNS)
def test_what_may_not_be_never_is_and_the_row_agrees(turns):
    order, happened = s.pending, s.fresh.place(s.CUSTOMER, s.LINES, s.PATIENCE, NOON)
    for word, turn, nth in turns:
        with suppress(Refused):
            facts = WORDS[word](Said(order, word, turn, nth))
            order, happened = order.after(*facts), happened + facts
        never(order, happened)
    agrees(order, happened)


def agrees(order: Order, happened: list[e.OrderEvent]) -> None:
    """The row shows what the order is, and is late some day while anything is under way."""
    recorded = [Recorded(nth, order.id, nth, event, None, NOON) for nth, event in enumerate(happened, 1)]
    row = folded(ORDERS, recorded)[order.id]
    for name in ("version", "status", "status_message", "reason", "payment_status", "fulfilment_status", "refunded", "round", "due_at", "updated_at"):
        assert getattr(row, name) == getattr(order, name), name
    under_way = not order.is_over or bool(order.refunds) or (order.status in ENDED_BADLY and order.payment_status in UNSETTLED)
    assert (row.late_at is not None) is under_way
