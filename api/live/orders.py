"""Live: orders and their payments, told to whoever ordered and to those who read all orders."""

from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from api.live.channel import Kind, channel
from api.live.tell import Happened, Told, small, tells
from application.orders.access import sees
from application.shared.context import Caller
from application.shared.task_sight import LoadsAny
from domain.orders.events import OrderEvent
from domain.orders.status import FulfilmentStatus, OrderStatus
from domain.orders.summary import OrderSummary
from domain.payments import events as e
from domain.payments.payment import Payment
from domain.shared.payment_status import PaymentStatus


async def sees_order(caller: Caller, order_id: UUID, load: LoadsAny) -> bool:
    """Whether somebody may follow an order: whoever ordered, and who may read all."""
    order = await load(OrderSummary, order_id)
    return order.exists and sees(order.customer_id, caller)


ORDERS: Final = channel(Kind("orders", "Orders of mine and their payments, with every attempt.", "orders:read"))
ORDER: Final = channel(Kind("order", "One order and its payments.", "orders:read", sees=sees_order))
ALL_ORDERS: Final = channel(Kind("all-orders", "Orders and payments of everybody.", "orders:list-all", everything=True))


class OrderUpdate(msgspec.Struct, frozen=True):
    """Said of every event of an order: whose it is, and how it stands after that."""

    update: Literal["order.updated"]
    user_id: UUID
    order_id: UUID
    status: OrderStatus
    status_message: str
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus


class PaymentUpdate(msgspec.Struct, frozen=True):
    """Said of every event of a payment, so of each outcome of an attempt: whose it is, and how it stands after that."""

    update: Literal["payment.updated"]
    user_id: UUID | None
    order_id: UUID
    status: PaymentStatus
    status_message: str
    payment_status: PaymentStatus


@tells(OrderEvent, circle=OrderSummary, private=True, beside=OrderUpdate)
def order(happened: Happened) -> Told:
    """To whoever ordered."""
    stream, after = happened.recorded.stream_id, happened.after
    told = OrderUpdate(
        "order.updated",
        after.customer_id,
        stream,
        after.status,
        after.status_message,
        after.payment_status,
        after.fulfilment_status,
    )
    to = {ALL_ORDERS.topic(None), ORDER.topic(stream), *ORDERS.topics(after.customer_id)}
    return Told(stream, _said(happened, told), to)


@tells(e.PaymentEvent, circle=Payment, private=True, beside=PaymentUpdate)
def payment(happened: Happened) -> Told:
    """To whoever ordered what is paid with it."""
    event, after = happened.recorded.event, happened.after
    message = event.message if isinstance(event, e.CallFailed | e.CallUnknown | e.PaymentFailed) else ""
    told = PaymentUpdate("payment.updated", after.customer_id, after.order_id, after.status, message, after.status)
    to = {ALL_ORDERS.topic(None), ORDER.topic(after.order_id), *ORDERS.topics(after.customer_id)}
    return Told(happened.recorded.stream_id, _said(happened, told, "payment_id", "key"), to)


def _said(happened: Happened, told: msgspec.Struct, *known: str) -> dict[str, Any]:
    return small(happened.recorded.event, *known, **msgspec.to_builtins(told))
