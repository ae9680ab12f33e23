"""Every order as it stands, one row each: the single order with its timeline, and every list of orders by an index."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.orders import events as e
from domain.orders.order import Order
from domain.orders.status import ENDED_BADLY, UNSETTLED, FulfilmentStatus, OrderStatus, RejectionReason
from domain.shared.event import BY_CLASS, Recorded
from domain.shared.money import Money
from domain.shared.payment_status import PaymentStatus
from projections.shared.read_model import ReadModel, Row, read_model

KINDS: Final = (
    e.OrderPlaced,
    e.OrderReserved,
    e.OrderConfirmed,
    e.OrderCompleted,
    e.OrderRejected,
    e.OrderCancelled,
    e.OrderRetried,
    e.OrderPaymentSettled,
    e.OrderRefundRequested,
    e.OrderRefunded,
    e.OrderShipped,
    e.OrderDelivered,
    e.OrderResumed,
)
NEWEST: Final = 50
"""Entries of the timeline that a row keeps; the log has all of them."""
_json: Final = msgspec.json.Encoder().encode


class Happened(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of a timeline."""

    at: datetime
    type: str
    position: int
    message: str = ""


class OrderRow(Row, frozen=True, gc=False):
    """An order; amounts in minor units. `refunds` are those under way, `patience` the seconds it may take until it is over.

    `late_at`: from then on it is stuck, since something of it is still under way; null where nothing is.
    """

    id: UUID
    version: int
    customer_id: UUID
    status: str
    status_message: str
    reason: str | None
    payment_status: str
    fulfilment_status: str
    lines: msgspec.Raw
    total: int
    currency: str
    refunded: int
    refunds: msgspec.Raw
    earlier: msgspec.Raw
    round: int
    placed_at: datetime
    updated_at: datetime
    due_at: datetime
    patience: int
    reserved_until: datetime | None
    late_at: datetime | None
    timeline: msgspec.Raw


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The order itself."""
    return (recorded.stream_id,)


def fold(key: UUID, row: OrderRow | None, recorded: Recorded[Any]) -> OrderRow | None:
    """The order after one more event; only `order.placed` makes one."""
    event = recorded.event
    if isinstance(event, e.OrderPlaced):
        row = _placed(key, recorded)
    if row is None:
        return None
    after = order_of(row).evolve(event)
    patience = int((event.due_at - event.at).total_seconds()) if isinstance(event, e.OrderRetried) else row.patience
    return replace(
        row,
        version=recorded.version,
        status=after.status.value,
        status_message=after.status_message,
        reason=None if after.reason is None else after.reason.value,
        payment_status=after.payment_status.value,
        fulfilment_status=after.fulfilment_status.value,
        refunded=after.refunded,
        refunds=msgspec.Raw(_json(after.refunds)),
        earlier=msgspec.Raw(_json(after.earlier)),
        round=after.round,
        updated_at=event.at,
        due_at=after.due_at,
        patience=patience,
        reserved_until=after.reserved_until,
        late_at=_late_at(after, row, event.at),
        timeline=_longer(row.timeline, happened(recorded)),
    )


def _placed(key: UUID, recorded: Recorded[e.OrderPlaced]) -> OrderRow:
    event = recorded.event
    return OrderRow(
        id=key,
        version=recorded.version,
        customer_id=event.customer_id,
        status=OrderStatus.PENDING.value,
        status_message="",
        reason=None,
        payment_status=PaymentStatus.PENDING.value,
        fulfilment_status=FulfilmentStatus.UNFULFILLED.value,
        lines=msgspec.Raw(_json(event.lines)),
        total=event.total.amount,
        currency=event.total.currency,
        refunded=0,
        refunds=msgspec.Raw(b"{}"),
        earlier=msgspec.Raw(b"{}"),
        round=event.round,
        placed_at=event.at,
        updated_at=event.at,
        due_at=event.due_at,
        patience=int((event.due_at - event.at).total_seconds()),
        reserved_until=None,
        late_at=event.due_at,
        timeline=msgspec.Raw(b"[]"),
    )


def order_of(row: OrderRow) -> Order:
    """The order behind a row, without its lines and what came back of them."""
    return Order(
        id=row.id,
        version=row.version,
        customer_id=row.customer_id,
        total=Money(row.total, row.currency),
        status=OrderStatus(row.status),
        status_message=row.status_message,
        reason=None if row.reason is None else RejectionReason(row.reason),
        payment_status=PaymentStatus(row.payment_status),
        fulfilment_status=FulfilmentStatus(row.fulfilment_status),
        refunds=msgspec.json.decode(row.refunds, type=dict[UUID, int]),
        refunded=row.refunded,
        earlier=msgspec.json.decode(row.earlier, type=dict[int, PaymentStatus]),
        round=row.round,
        placed_at=row.placed_at,
        updated_at=row.updated_at,
        due_at=row.due_at,
        reserved_until=row.reserved_until,
    )


def _late_at(after: Order, row: OrderRow, now: datetime) -> datetime | None:
    if not after.is_over or (after.status in ENDED_BADLY and after.payment_status in UNSETTLED):
        return after.due_at
    if after.refunds or not UNSETTLED.isdisjoint(after.earlier.values()):
        return row.late_at or now + timedelta(seconds=row.patience)
    return None


def happened(recorded: Recorded[Any]) -> Happened:
    """What an event says on a timeline."""
    event = recorded.event
    return Happened(event.at, BY_CLASS[type(event)].name, recorded.position, _message(event))


def _message(event: e.OrderEvent) -> str:
    match event:
        case e.OrderRejected(message=message) | e.OrderCancelled(reason=message):
            return message
        case e.OrderPaymentSettled(round=round, payment_status=status):
            return f"{status} (try {round})"
        case e.OrderRefundRequested(amount=amount, reason=reason):
            return f"{amount}: {reason}"
        case e.OrderRefunded(amount=amount):
            return str(amount)
        case e.OrderShipped(carrier=carrier, tracking=tracking):
            return " ".join(word for word in (carrier, tracking) if word)
    return ""


def _longer(timeline: msgspec.Raw, entry: Happened) -> msgspec.Raw:
    entries = msgspec.json.decode(timeline, type=list[msgspec.Raw])
    return msgspec.Raw(_json([*entries[1 - NEWEST :], entry]))


ORDERS: Final = read_model(
    ReadModel(
        name="orders",
        version=4,
        store="postgres",
        row=OrderRow,
        key=("id",),
        listens=KINDS,
        keys=keys,
        fold=fold,
        indexes=(
            "customer_id, id",
            "customer_id, status, id",
            "status, id",
            "payment_status, id",
            "late_at, id where late_at is not null",
        ),
        key_is_stream=True,
    )
)
