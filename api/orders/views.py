"""Orders as clients see them, and whether they are there for the caller."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

import msgspec

from api.shared.access import caller
from api.shared.parts import parts
from api.shared.request import Req
from application.orders.access import must_see
from domain.orders.events import Line
from domain.orders.order import Order
from domain.orders.status import FulfilmentStatus, OrderStatus, RejectionReason
from domain.shared.money import Money
from domain.shared.payment_status import PaymentStatus
from projections.orders.orders import Happened, OrderRow, order_of
from projections.payments.payment_search import ShownAttempt, attempts_of
from projections.payments.payments import PaymentRow


class OrderProduct(msgspec.Struct, frozen=True):
    """So many of a product, as it was called and priced when the order was placed."""

    product_id: UUID
    name: str
    unit_price: Money
    quantity: int
    subtotal: Money


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order. After a command it also carries `position`. `round` counts the tries to pay it."""

    id: UUID
    version: int
    customer_id: UUID
    status: OrderStatus
    status_message: str
    reason: RejectionReason | None
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus
    products: list[OrderProduct]
    total_amount: Money
    refunded_amount: Money
    round: int
    placed_at: datetime
    updated_at: datetime
    due_at: datetime
    reserved_until: datetime | None

    @classmethod
    def of(cls, order: Order) -> Self:
        """The aggregate as a view."""
        return cls(**_told(order, order.lines))


class OrderPayment(msgspec.Struct, frozen=True):
    """The payment of one try of an order."""

    id: UUID
    round: int
    status: PaymentStatus
    status_message: str
    amount: Money
    captured_amount: Money
    refunded_amount: Money
    attempts: list[ShownAttempt]
    created_at: datetime
    updated_at: datetime


class Entry(msgspec.Struct, frozen=True):
    """Something that happened to an order, and where that stands in the log."""

    at: datetime
    type: str
    message: str
    position: int


class OrderDetails(OrderView, frozen=True, kw_only=True):
    """An order with its payments and the newest entries of its timeline."""

    payments: list[OrderPayment]
    timeline: list[Entry]


def order_view(row: OrderRow) -> OrderView:
    """A row as a view."""
    return OrderView(**_told(order_of(row), _lines(row)))


def order_details(row: OrderRow, payments: list[PaymentRow]) -> OrderDetails:
    """A row with all that belongs to it."""
    timeline = [entry_view(entry) for entry in msgspec.json.decode(row.timeline, type=list[Happened])]
    return OrderDetails(**_told(order_of(row), _lines(row)), payments=[_payment(one) for one in payments], timeline=timeline)


def entry_view(entry: Happened) -> Entry:
    """An entry of a timeline as a view."""
    return Entry(entry.at, entry.type, entry.message, entry.position)


def _lines(row: OrderRow) -> tuple[Line, ...]:
    return msgspec.json.decode(row.lines, type=tuple[Line, ...])


def _told(order: Order, lines: tuple[Line, ...]) -> dict[str, Any]:
    told = {name: getattr(order, name) for name in OrderView.__struct_fields__ if hasattr(order, name)}
    products = [OrderProduct(line.product_id, line.name, line.unit_price, line.quantity, line.subtotal) for line in lines]
    return told | {"products": products, "total_amount": order.total, "refunded_amount": order.total.of(order.refunded)}


def _payment(row: PaymentRow) -> OrderPayment:
    amount, captured, refunded = (Money(minor, row.currency) for minor in (row.amount, row.captured, row.refunded))
    status = PaymentStatus(row.status)
    return OrderPayment(row.id, row.round, status, row.status_message, amount, captured, refunded, attempts_of(row), row.created_at, row.updated_at)


async def order_is_there(request: Req) -> None:
    """Raises `NotFound` unless the caller may see the order the address names."""
    order, _ = await parts(request).log.load(Order, request.path_params["order_id"])
    must_see(order, caller(request), request.scope["route_handler"].opt["needs"])
