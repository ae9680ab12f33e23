"""Holding stock for orders: whatever happens to an order or its payment, what follows for its reservation follows from how these stand."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from application.shared.command import Command, handles
from application.shared.deadline import Deadline, deadline
from application.shared.ports import Ports
from application.shared.reaction import reacts
from application.shop.policy import policy
from domain.orders import events as orders
from domain.orders.order import Order
from domain.orders.status import ENDED_BADLY, OrderStatus
from domain.payments import events as payments
from domain.payments.payment import Payment, payment_id
from domain.shared.conflicts import InsufficientStock
from domain.shared.event import Event, Recorded
from domain.shop.events import ReservationCommitted, ReservationEvent, ReservationExpired, ReservationMade, ReservationReleased, ReservationSecured
from domain.shop.reservation import LIVE, Reservation, ReservationStatus, reservation_id
from domain.shop.stock import Stock, stock_id


class TendReservation(Command, frozen=True):
    """See what follows for what is held for this try of an order."""

    order_id: UUID
    round: int


class ExpireReservation(Command, frozen=True):
    """The time of a reservation may have run out."""

    order_id: UUID
    round: int


@handles(TendReservation)
async def tend_reservation(command: TendReservation, ports: Ports) -> None:
    """Told as often as you like: what was done is not done again."""
    order = await ports.log.load(Order, command.order_id)
    reservation = await ports.log.load(Reservation, reservation_id(order.id, command.round))
    if order.status in ENDED_BADLY or order.round != command.round:
        await _release(ports, order, reservation, command.round)
    elif order.status is OrderStatus.PENDING and reservation.status is ReservationStatus.NOTHING:
        await _reserve(ports, order, reservation)
    elif reservation.status is ReservationStatus.COMMITTED:
        await _take_back(ports, order, reservation)
    elif reservation.status in LIVE:
        payment = await ports.log.load(Payment, payment_id(order.id, order.round))
        if reservation.status is ReservationStatus.MADE and (payment.is_authorised or payment.is_captured):
            await _secure(ports, order, reservation)
        elif payment.is_captured and order.status is OrderStatus.CONFIRMED:
            await _commit(ports, order, reservation)


@handles(ExpireReservation)
async def expire_reservation(command: ExpireReservation, ports: Ports) -> None:
    """Raises `ReservationNotDue`."""
    order = await ports.log.load(Order, command.order_id)
    reservation = await ports.log.load(Reservation, reservation_id(order.id, command.round))
    expired = reservation.expire(ports.now)
    if expired:
        ports.log.stage(reservation, *expired)
        for stock in await _stocks(ports, order):
            ports.log.stage(stock, *stock.release(reservation.id, ports.now, expired=True))


async def _reserve(ports: Ports, order: Order, reservation: Reservation) -> None:
    """All lines or none, in one append over the stock of all products."""
    until, short, facts = ports.now + timedelta(seconds=policy(ports).reservation_lifetime), dict[UUID, int](), list[tuple[Stock, list[Event]]]()
    for stock, line in zip(await _stocks(ports, order), order.lines, strict=True):
        try:
            facts.append((stock, stock.reserve(reservation.id, order.id, line.quantity, until, ports.now)))
        except InsufficientStock:
            short[line.product_id] = stock.available(ports.now)
    if short:
        ports.log.stage(reservation, *reservation.refuse(order.id, order.round, short, ports.now))
        return
    for stock, held in facts:
        ports.log.stage(stock, *held)
    ports.log.stage(reservation, *reservation.make(order.id, order.round, until, ports.now))


async def _secure(ports: Ports, order: Order, reservation: Reservation) -> None:
    stocks = await _stocks(ports, order)
    held = all(stock.holds_for(reservation.id, ports.now) for stock in stocks)
    ports.log.stage(reservation, *reservation.secure(ports.now, held=held))
    for stock in stocks:
        ports.log.stage(stock, *(stock.secure(reservation.id, ports.now) if held else stock.release(reservation.id, ports.now, expired=True)))


async def _release(ports: Ports, order: Order, reservation: Reservation, round: int) -> None:
    released = reservation.release(order.id, round, ports.now)
    if released:
        ports.log.stage(reservation, *released)
        for stock in await _stocks(ports, order):
            ports.log.stage(stock, *stock.release(reservation.id, ports.now))


async def _commit(ports: Ports, order: Order, reservation: Reservation) -> None:
    committed = reservation.commit(ports.now)
    if committed:
        ports.log.stage(reservation, *committed)
        for stock in await _stocks(ports, order):
            ports.log.stage(stock, *stock.commit(reservation.id, ports.now))


async def _take_back(ports: Ports, order: Order, reservation: Reservation) -> None:
    for stock, line in zip(await _stocks(ports, order), order.lines, strict=True):
        more = order.returned.get(line.product_id, 0) - reservation.returned.get(line.product_id, 0)
        if more > 0:
            ports.log.stage(stock, *stock.take_back(order.id, more, ports.now))
    ports.log.stage(reservation, *reservation.take_back(order.returned, ports.now))


async def _stocks(ports: Ports, order: Order) -> list[Stock]:
    ids = [stock_id(line.product_id) for line in order.lines]
    await ports.log.turn(ids)
    return await ports.log.load_many(Stock, ids)


@reacts(
    "shop.reservations",
    orders.OrderPlaced,
    orders.OrderRetried,
    orders.OrderRejected,
    orders.OrderCancelled,
    orders.OrderRefundRequested,
    orders.OrderResumed,
    payments.PaymentAuthorised,
    payments.PaymentCaptured,
    payments.CaptureRequested,
    from_first=True,
    at_once=64,
)
def reservations(recorded: Recorded[Any]) -> list[Command]:
    """One reaction for all of it: so one process writes to a stock, and its decisions on one product travel together."""
    if isinstance(recorded.event, payments.CaptureRequested) and not recorded.event.captured:
        return []
    return [TendReservation(order_id=recorded.event.order_id, round=recorded.event.round)]


@deadline("shop.reservations", ReservationMade, ReservationSecured, ReservationExpired, ReservationReleased, ReservationCommitted)
def expiry(_: UUID, __: Deadline | None, recorded: Recorded[ReservationEvent]) -> Deadline | None:
    """Only what is made and not secured expires."""
    event = recorded.event
    until: datetime | None = event.until if isinstance(event, ReservationMade) else None
    return None if until is None else Deadline(until, ExpireReservation(order_id=event.order_id, round=event.round))
