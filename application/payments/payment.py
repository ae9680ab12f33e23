"""What is wanted of payments: it follows from how their orders stand."""

from typing import Any
from uuid import UUID

from application.shared.command import Command, handles
from application.shared.ports import Ports
from application.shared.reaction import reacts
from domain.orders import events as orders
from domain.orders.order import Order
from domain.orders.status import ENDED_BADLY, OrderStatus
from domain.payments.payment import Payment, payment_id
from domain.shared.event import Event, Recorded


class TendPayment(Command, frozen=True):
    """See what follows for the payment of this try of an order."""

    order_id: UUID
    round: int


@handles(TendPayment)
async def tend_payment(command: TendPayment, ports: Ports) -> Payment:
    """Told as often as you like: what was wanted is not wanted again."""
    order = await ports.log.load(Order, command.order_id)
    payment = await ports.log.load(Payment, payment_id(order.id, command.round))
    return ports.log.stage(payment, *_wanted(order, payment, command.round, ports))


def _wanted(order: Order, payment: Payment, round: int, ports: Ports) -> list[Event]:
    if order.status in ENDED_BADLY or order.round != round:
        return payment.cancel(order.id, round, order.customer_id, order.total, ports.now)
    match order.status:
        case OrderStatus.RESERVED:
            return payment.request(order.id, round, order.customer_id, order.total, ports.now)
        case OrderStatus.CONFIRMED:
            return payment.capture(ports.now)
    wishes = {refund_id: order.total.of(worth) for refund_id, worth in order.refunds.items()}
    return payment.in_turn(*(lambda payment, one=one: payment.refund(*one, ports.now) for one in wishes.items()))


@reacts(
    "payments.orders",
    orders.OrderReserved,
    orders.OrderConfirmed,
    orders.OrderRejected,
    orders.OrderCancelled,
    orders.OrderRefundRequested,
    orders.OrderResumed,
    from_first=True,
    at_once=64,
)
def of_orders(recorded: Recorded[Any]) -> list[Command]:
    """What the order says."""
    return [TendPayment(order_id=recorded.event.order_id, round=recorded.event.round)]
