"""Whether the goods follow the orders (I5): held and sold is what live and completed orders want, all of it, once, and nothing else.

It may be asked between any two appends, while orders are under way. `tended` tells how much has to be quiet: up to there the reaction that
lets stock go has done its work.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.orders.events import OrderEvent
from domain.orders.order import Order
from domain.orders.status import ENDED_BADLY, PAID, OrderStatus
from domain.shared.event import BY_CLASS, Event, Recorded
from domain.shop import events as s
from domain.shop.reservation import LIVE, Reservation, ReservationStatus, reservation_id
from infra.projection.watch import Watch
from infra.reconciliation.discrepancy import Discrepancy
from infra.reconciliation.parts import Part
from projections.shop.products import PRODUCTS

Pieces = Counter[UUID]
"""By product."""
MOVES: Final = (s.StockReserved, s.StockReleased, s.StockCommitted, s.StockReturned)
KINDS: Final[tuple[type[Event], ...]] = (*MOVES, *(kind for kind in BY_CLASS if issubclass(kind, (OrderEvent, s.ReservationEvent))))
LISTENER: Final = msgspec.structs.replace(PRODUCTS, listens=KINDS)
"""What is read of the log."""


class Lot(msgspec.Struct):
    """What one reservation holds, what of it gave way since its time was over, and what was sold."""

    held: Pieces = msgspec.field(default_factory=Counter)
    gave_way: Pieces = msgspec.field(default_factory=Counter)
    sold: Pieces = msgspec.field(default_factory=Counter)


class Goods:
    """What is held, sold and taken back for some orders, as far as the log was read."""

    def __init__(self, part: Part | None = None) -> None:
        self.under_way = 0
        self._part = part or Part()
        self._orders: dict[UUID, Order] = {}
        self._heard: dict[UUID, int] = {}
        self._reservations: dict[UUID, Reservation] = {}
        self._lots: dict[UUID, Lot] = {}
        self._back: dict[UUID, Pieces] = {}

    @property
    def orders(self) -> int:
        """How many orders there are."""
        return len(self._orders)

    def read(self, events: Iterable[Recorded[Any]]) -> None:
        """Go on with these events, in the order of the log; those of other orders are passed over."""
        for recorded in events:
            event, key = recorded.event, recorded.stream_id
            if isinstance(event, MOVES):
                if self._part.has(event.order_id.bytes):
                    self._move(event)
            elif isinstance(event, OrderEvent) and self._part.has(key.bytes):
                self._orders[key] = (self._orders.get(key) or Order(id=key)).after(event)
                self._heard[key] = recorded.position
            elif isinstance(event, s.ReservationEvent) and self._part.has(key.bytes):
                self._reservations[key] = (self._reservations.get(key) or Reservation(id=key)).after(event)

    def _move(self, event: Event) -> None:
        match event:
            case s.StockReserved(product_id=product_id, reservation_id=held, quantity=quantity):
                self._lot(held).held[product_id] += quantity
            case s.StockReleased(product_id=product_id, reservation_id=held, quantity=quantity, expired=expired):
                self._lot(held).held[product_id] -= quantity
                self._lot(held).gave_way[product_id] += quantity if expired else 0
            case s.StockCommitted(product_id=product_id, reservation_id=held, quantity=quantity):
                self._lot(held).held[product_id] -= quantity
                self._lot(held).sold[product_id] += quantity
            case s.StockReturned(product_id=product_id, order_id=order_id, quantity=quantity):
                self._back.setdefault(order_id, Counter())[product_id] += quantity

    def _lot(self, held: UUID) -> Lot:
        return self._lots.setdefault(held, Lot())

    def judged(self, tended: int, watch: Watch | None = None) -> list[Discrepancy]:
        """Everything that is wrong, now that all was read. Raises `Stopped`."""
        wrong = list[Discrepancy]()
        known = {reservation_id(order.id, nth) for order in self._orders.values() for nth in range(1, order.round + 1)}
        strangers = {*self._reservations, *self._lots} - known
        wrong += (Discrepancy(f"reservation {one}", f"it belongs to no order, and has {self._lots.get(one)}") for one in strangers)
        wrong += (Discrepancy(f"order {one}", "goods came back, but there is no such order") for one in self._back.keys() - self._orders.keys())
        for order in (watch or Watch()).over(self._orders.values(), "judging", len(self._orders)):
            wrong += (Discrepancy(f"order {order.id}", why) for why in self._of_order(order, tended))
        return wrong

    def _of_order(self, order: Order, tended: int) -> Iterator[str]:
        if not order.exists:
            yield "things happened to it, but there is no such order"
            return
        is_quiet = order.is_over
        for nth in range(1, order.round + 1):
            key = reservation_id(order.id, nth)
            reservation, lot = self._reservations.get(key) or Reservation(id=key), self._lots.get(key) or Lot()
            yield from _of_lot(order, reservation, lot)
            is_wanted = nth == order.round and order.status not in ENDED_BADLY
            if not is_wanted and reservation.status in LIVE:
                is_quiet = False
                if self._heard[order.id] <= tended:
                    yield f"it is {order.status} in round {order.round}, and still holds {_told(lot.held)} of round {nth}"
            if is_wanted and order.status in PAID and (reservation.status is not ReservationStatus.COMMITTED or lot.sold != _wanted(order)):
                yield f"it is {order.status}, sold were {_told(lot.sold)} where {_told(_wanted(order))} is right"
            may_sell = is_wanted and order.status in {*PAID, OrderStatus.CONFIRMED}
            if not may_sell and lot.sold.total():
                yield f"it is {order.status}, sold were {_told(lot.sold)} in its round {nth}"
        back, asked = self._back.get(order.id, Counter()), Counter(order.returned)
        if back != asked:
            is_quiet = False
            if self._heard[order.id] <= tended or not back <= asked:
                yield f"{_told(asked)} were returned, {_told(back)} came back"
        self.under_way += not is_quiet


def _of_lot(order: Order, reservation: Reservation, lot: Lot) -> Iterator[str]:
    wanted = _wanted(order)
    match reservation.status:
        case ReservationStatus.SECURED if lot.held != wanted:
            yield f"{_told(wanted)} are secured, {_told(lot.held)} are held"
        case ReservationStatus.MADE if lot.held + lot.gave_way != wanted:
            yield f"{_told(wanted)} are reserved, {_told(lot.held)} are held and {_told(lot.gave_way)} gave way"
        case ReservationStatus.COMMITTED if lot.sold != wanted:
            yield f"its reservation is committed, sold were {_told(lot.sold)} where {_told(wanted)} is right"
    if reservation.status not in LIVE and any(lot.held.values()):
        yield f"its reservation is {reservation.status}, and holds {_told(lot.held)}"


def _wanted(order: Order) -> Pieces:
    return Counter({line.product_id: line.quantity for line in order.lines})


def _told(pieces: Pieces) -> str:
    return ", ".join(f"{number} of {product_id}" for product_id, number in pieces.items() if number) or "none"
