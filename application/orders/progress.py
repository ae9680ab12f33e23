"""Seeing an order through: whatever happens to its goods or its money, what follows for the order follows from how these stand."""

from typing import Any
from uuid import UUID

from application.orders.order import ended
from application.shared.command import Command, handles
from application.shared.ports import Ports
from application.shared.reaction import reacts
from domain.orders.events import OrderResumed
from domain.orders.order import Order
from domain.orders.status import ENDED_BADLY, UNSETTLED, OrderStatus, RejectionReason
from domain.payments import events as payments
from domain.payments.payment import Payment, payment_id
from domain.shared.event import Event, Recorded
from domain.shop import events as shop
from domain.shop.reservation import Reservation, ReservationStatus, reservation_id

LATE = "The payment took too long; what was held for it is free again."


class TendOrder(Command, frozen=True):
    """See what follows for this try of an order."""

    order_id: UUID
    round: int


@handles(TendOrder)
async def tend_order(command: TendOrder, ports: Ports) -> None:
    """Told as often as you like: what was done is not done again."""
    order = await ports.log.load(Order, command.order_id)
    payment = await ports.log.load(Payment, payment_id(order.id, command.round))
    if order.round != command.round:
        ports.log.stage(order, *_settled(order, command.round, payment, ports))
        return
    if not order.is_over:
        reservation = await ports.log.load(Reservation, reservation_id(order.id, order.round))
        order = await ended(ports, order, ports.log.stage(order, *_progress(order, reservation, payment, ports)))
    if order.is_over:
        ports.log.stage(order, *_afterwards(order, payment, ports))


def _progress(order: Order, reservation: Reservation, payment: Payment, ports: Ports) -> list[Event]:  # noqa: PLR0911 — one line per step.
    now = ports.now
    if payment.failed:
        return order.reject(order.round, RejectionReason.PAYMENT_FAILED, payment.message, now, payment_failed=payment.is_quiet)
    match order.status, reservation.status:
        case OrderStatus.PENDING, ReservationStatus.MADE if reservation.until is not None:
            return order.reserve(order.round, reservation.until, now)
        case OrderStatus.PENDING, ReservationStatus.REFUSED:
            return order.reject(order.round, RejectionReason.INSUFFICIENT_STOCK, _short(order, reservation), now)
        case OrderStatus.PENDING | OrderStatus.RESERVED, ReservationStatus.EXPIRED:
            return order.reject(order.round, RejectionReason.RESERVATION_EXPIRED, LATE, now)
        case OrderStatus.RESERVED, ReservationStatus.SECURED:
            return order.confirm(order.round, now)
        case OrderStatus.CONFIRMED, ReservationStatus.COMMITTED:
            return order.complete(order.round, now)
    return []


def _afterwards(order: Order, payment: Payment, ports: Ports) -> list[Event]:
    if order.status in ENDED_BADLY:
        return _settled(order, order.round, payment, ports)
    done = [refund_id for refund_id in order.refunds if refund_id in payment.given_back]
    facts = order.in_turn(*(lambda order, one=refund_id: order.refund(one, ports.now) for refund_id in done))
    return facts + _given_back_unasked(order.after(*facts), payment, ports)


def _settled(order: Order, round: int, payment: Payment, ports: Ports) -> list[Event]:
    is_settled = payment.status not in UNSETTLED and payment.is_quiet
    is_late = order.given_up(round) not in UNSETTLED and not payment.is_quiet  # Its money was thought settled, and was taken since.
    return order.settle(round, payment.status, ports.now) if is_settled or is_late else []


def _given_back_unasked(order: Order, payment: Payment, ports: Ports) -> list[Event]:
    """The provider gave money back that nobody here had wished back, nor wishes now: then it is a refund like any other, without goods."""
    wished = sum(worth for refund_id, worth in order.refunds.items() if refund_id not in payment.given_back)
    back = min(payment.unasked - wished, order.refundable)
    if order.status is not OrderStatus.COMPLETED or back <= 0:
        return []
    amount = None if back == order.refundable else back
    return order.request_refund(ports.new_id(), amount, None, "The payment provider gave the money back.", ports.now, restock=False)


def _short(order: Order, reservation: Reservation) -> str:
    told = [f"{line.name} ({reservation.short[line.product_id]} left)" for line in order.lines if line.product_id in reservation.short]
    return f"There is not enough of {', '.join(told[:5])}."


@reacts(
    "orders.progress",
    shop.ReservationMade,
    shop.ReservationRefused,
    shop.ReservationSecured,
    shop.ReservationExpired,
    shop.ReservationCommitted,
    payments.PaymentAuthorised,
    payments.PaymentCaptured,
    payments.PaymentVoided,
    payments.PaymentRefunded,
    payments.PaymentFailed,
    OrderResumed,
    from_first=True,
    at_once=64,
)
def progress(recorded: Recorded[Any]) -> list[Command]:
    """What the stock and the payment say; money that is wanted is first of all news for the stock."""
    if isinstance(recorded.event, payments.PaymentAuthorised | payments.PaymentCaptured) and not recorded.event.unwanted:
        return []
    return [TendOrder(order_id=recorded.event.order_id, round=recorded.event.round)]
