"""What became of orders day by day (UTC) and currency by currency: how many were placed and how they ended, what was earned and given back.

The numbers are sums over all orders, by month, so that a report reads a few of them however many orders there are.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.orders import events as e
from domain.orders.status import OrderStatus, RejectionReason
from domain.shared.event import Recorded
from projections.shared.read_model import Groups, ReadModel, Row, read_model

COUNTED: Final[dict[type[e.OrderEvent], str]] = {
    e.OrderPlaced: "placed",
    e.OrderCompleted: "completed",
    e.OrderRejected: "rejected",
    e.OrderCancelled: "cancelled",
}
STATUS: Final[dict[type[e.OrderEvent], OrderStatus]] = {
    e.OrderPlaced: OrderStatus.PENDING,
    e.OrderReserved: OrderStatus.RESERVED,
    e.OrderConfirmed: OrderStatus.CONFIRMED,
    e.OrderCompleted: OrderStatus.COMPLETED,
    e.OrderRejected: OrderStatus.REJECTED,
    e.OrderCancelled: OrderStatus.CANCELLED,
    e.OrderRetried: OrderStatus.PENDING,
}
STATUSES: Final = "statuses"
"""The group of all orders: status → how many have it now."""


class OrderDays(Row, frozen=True, gc=False):
    """An order, and its days: `facts` are `day word number`, amounts in minor units of its currency."""

    order_id: UUID
    version: int
    currency: str
    status: str
    facts: list[str]


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The order itself."""
    return (recorded.stream_id,)


def fold(order_id: UUID, row: OrderDays | None, recorded: Recorded[Any]) -> OrderDays | None:
    """The row after one more event; only `order.placed` makes one."""
    event: e.OrderEvent = recorded.event
    if isinstance(event, e.OrderPlaced):
        row = OrderDays(order_id, 0, event.total.currency, "", [])
    if row is None:
        return None
    status = OrderStatus.REFUNDED if isinstance(event, e.OrderRefunded) and event.all else STATUS.get(type(event), row.status)
    facts = [f"{event.at:%Y-%m-%d} {word} {number}" for word, number in _facts(event)]
    return replace(row, version=recorded.version, status=str(status), facts=[*row.facts, *facts])


def _facts(event: e.OrderEvent) -> Iterator[tuple[str, int]]:
    word = COUNTED.get(type(event))
    if word is not None:
        yield word, 1
    match event:
        case e.OrderRejected(reason=RejectionReason.PAYMENT_FAILED):
            yield "payment_failed", 1
        case e.OrderCompleted(total=total):
            yield "revenue", total.amount
        case e.OrderRefunded(amount=amount):
            yield "refunds", amount.amount


def contrib(row: OrderDays) -> Groups:
    """What one order adds on each of its days, and to its status."""
    groups: dict[str, dict[str, int]] = {STATUSES: {row.status: 1}}
    for fact in row.facts:
        day, word, number = fact.split(" ")
        numbers, name = groups.setdefault(month_of(date.fromisoformat(day)), {}), f"{day} {row.currency} {word}"
        numbers[name] = numbers.get(name, 0) + int(number)
    return groups


def month_of(day: date) -> str:
    """The group of what happened in a month: `day currency word` → number."""
    return f"{day:%Y-%m}"


ORDER_DAYS: Final = read_model(
    ReadModel(
        name="order_days",
        version=1,
        store="postgres",
        row=OrderDays,
        key=("order_id",),
        listens=(*STATUS, e.OrderRefunded),
        keys=keys,
        fold=fold,
        contrib=contrib,
        key_is_stream=True,
    )
)


class OrderDay(msgspec.Struct, frozen=True):
    """A day of orders in one currency."""

    day: date
    currency: str
    numbers: dict[str, int]


def days_of(groups: Groups, first: date, last: date) -> list[OrderDay]:
    """The days of some months between two days, on which something happened, in their order."""
    days: dict[tuple[date, str], dict[str, int]] = {}
    for name, number in (pair for numbers in groups.values() for pair in numbers.items()):
        day, currency, word = name.split(" ")
        at = date.fromisoformat(day)
        if first <= at <= last and number:
            days.setdefault((at, currency), {})[word] = number
    return [OrderDay(day, currency, numbers) for (day, currency), numbers in sorted(days.items())]
