"""The stock of a product, a stream of its own, so that nobody who edits a price waits for those who buy.

`0 ≤ reserved ≤ on_hand` always. What is held with a time limit counts as free from that moment on, whether or not anybody said so.
"""

from datetime import datetime
from typing import Any, ClassVar, Final, Self
from uuid import UUID

import msgspec

from domain.shared import fields as rules
from domain.shared.aggregate import NOBODY, Aggregate
from domain.shared.beside import beside
from domain.shared.conflicts import InsufficientStock
from domain.shared.event import Event
from domain.shop import events as e

MOST: Final = 1_000_000_000
"""Pieces on hand."""
REASON: Final = 500


def stock_id(product_id: UUID) -> UUID:
    """The stream of a product's stock."""
    return beside(product_id, "shop.stock")


class Hold(msgspec.Struct, frozen=True):
    """So many, held for an order until a moment; None: until the order is over."""

    order_id: UUID
    quantity: int
    until: datetime | None

    def is_over(self, now: datetime) -> bool:
        """Whether it counts as free."""
        return self.until is not None and now >= self.until


class Stock(Aggregate, frozen=True):
    """What there is of one product, and what of it is held for whom (by reservation)."""

    busy: ClassVar[bool] = True

    product_id: UUID = NOBODY
    on_hand: int = 0
    reserved: int = 0
    holds: dict[UUID, Hold] = msgspec.field(default_factory=dict)
    soonest: datetime | None = None
    """No hold is over before this moment: nobody has to look at all of them until then."""
    low_level: int | None = None

    def available(self, now: datetime) -> int:
        """How many are free at this moment."""
        return self.on_hand - self.reserved + sum(hold.quantity for hold in self._over(now).values())

    def available_to(self, reservation_id: UUID, now: datetime) -> int:
        """How many are free for whoever has this reservation: what it holds is theirs already."""
        own = self.holds.get(reservation_id)
        return self.available(now) + (0 if own is None or own.is_over(now) else own.quantity)

    def open(self, product_id: UUID, quantity: int, now: datetime) -> list[Event]:
        """The first fact of a stock; raises `Invalid`."""
        rules.refuse(rules.number("/quantity", quantity, 0, MOST))
        return [e.StockReceived(product_id=product_id, at=now, quantity=quantity, reason="opening stock")]

    def receive(self, quantity: int, reason: str, now: datetime) -> list[Event]:
        """More came; raises `Invalid`."""
        rules.refuse(rules.number("/quantity", quantity, 1, MOST - self.on_hand) + rules.text("/reason", reason, REASON))
        return [e.StockReceived(product_id=self.product_id, at=now, quantity=quantity, reason=reason)]

    def adjust(self, delta: int, reason: str, now: datetime) -> list[Event]:
        """There are more or fewer than was thought; raises `Invalid`, `InsufficientStock` where more is held than there would be."""
        rules.refuse(rules.number("/delta", delta, -MOST, MOST - self.on_hand) + rules.text("/reason", reason.strip(), REASON, least=1))
        if delta == 0:
            return []
        free = self.available(now)
        if free + delta < 0:
            raise InsufficientStock(f"{free} are free; {-delta} cannot be taken away.", available=free)
        adjusted = e.StockAdjusted(product_id=self.product_id, at=now, delta=delta, reason=reason)
        return self._with_notice([*self._expired(-delta, now), adjusted], now)

    def set_available(self, quantity: int, now: datetime) -> list[Event]:
        """Let so many be free; raises `Invalid`."""
        rules.refuse(rules.number("/quantity", quantity, 0, MOST - self.reserved))
        return self.adjust(quantity - self.available(now), f"set to {quantity}", now)

    def set_low_level(self, level: int | None, now: datetime) -> list[Event]:
        """From how many free pieces down it is low; raises `Invalid`."""
        rules.refuse([] if level is None else rules.number("/low_stock_level", level, 0, MOST))
        return [] if level == self.low_level else [e.LowLevelSet(product_id=self.product_id, at=now, level=level)]

    def reserve(self, reservation_id: UUID, order_id: UUID, quantity: int, until: datetime, now: datetime) -> list[Event]:
        """Hold so many; raises `InsufficientStock`. Held already, nothing new happens. What is over gives way where it is needed."""
        if reservation_id in self.holds:
            return []
        free = self.available(now)
        if quantity > free:
            raise InsufficientStock(f"{free} are free, {quantity} were wanted.", available=free)
        held = e.StockReserved(product_id=self.product_id, at=now, reservation_id=reservation_id, order_id=order_id, quantity=quantity, until=until)
        return self._with_notice([*self._expired(quantity, now), held], now)

    def holds_for(self, reservation_id: UUID, now: datetime) -> bool:
        """Whether anything is held for this reservation at this moment."""
        hold = self.holds.get(reservation_id)
        return hold is not None and not hold.is_over(now)

    def secure(self, reservation_id: UUID, now: datetime) -> list[Event]:
        """Hold it until its order is over."""
        hold = self.holds.get(reservation_id)
        if hold is None:
            return []
        return [e.StockSecured(product_id=self.product_id, at=now, reservation_id=reservation_id, order_id=hold.order_id)]

    def release(self, reservation_id: UUID, now: datetime, *, expired: bool = False) -> list[Event]:
        """Hold it no more; where nothing is held, nothing happens."""
        hold = self.holds.get(reservation_id)
        if hold is None:
            return []
        return [e.StockReleased(**self._told(reservation_id, hold, now), expired=expired)]

    def commit(self, reservation_id: UUID, now: datetime) -> list[Event]:
        """It is sold; where nothing is held, nothing happens."""
        hold = self.holds.get(reservation_id)
        if hold is None:
            return []
        return [e.StockCommitted(**self._told(reservation_id, hold, now))]

    def take_back(self, order_id: UUID, quantity: int, now: datetime) -> list[Event]:
        """So many came back."""
        return [e.StockReturned(product_id=self.product_id, at=now, order_id=order_id, quantity=quantity)]

    def _told(self, reservation_id: UUID, hold: Hold, now: datetime) -> dict[str, Any]:
        return {"product_id": self.product_id, "at": now, "reservation_id": reservation_id, "order_id": hold.order_id, "quantity": hold.quantity}

    def _over(self, now: datetime) -> dict[UUID, Hold]:
        if self.soonest is None or now < self.soonest:
            return {}
        return {reservation_id: hold for reservation_id, hold in self.holds.items() if hold.is_over(now)}

    def _expired(self, wanted: int, now: datetime) -> list[Event]:
        """Of what is over only as much gives way as is wanted: after a crowd that could not pay, one event for one piece, not thousands."""
        facts, missing = list[Event](), wanted - (self.on_hand - self.reserved)
        for reservation_id, hold in self._over(now).items() if missing > 0 else ():
            facts += self.release(reservation_id, now, expired=True)
            missing -= hold.quantity
            if missing <= 0:
                break
        return facts

    def _with_notice(self, facts: list[Event], now: datetime) -> list[Event]:
        """The same facts, and that the stock is low where it was not before them."""
        level = self.low_level
        if level is None:
            return facts
        after = self.after(*facts).available(now)
        if not after <= level < self.available(now):
            return facts
        return [*facts, e.StockRanLow(product_id=self.product_id, at=now, available=after, level=level)]

    def evolve(self, event: Event) -> Self:  # noqa: PLR0911 — one line per kind of event.
        """The stock after one more fact."""
        match event:
            case e.StockReceived(product_id=product_id, quantity=quantity):
                return self.but(product_id=product_id, on_hand=self.on_hand + quantity)
            case e.StockAdjusted(delta=delta):
                return self.but(on_hand=self.on_hand + delta)
            case e.StockReserved(reservation_id=reservation_id, order_id=order_id, quantity=quantity, until=until):
                soonest = until if self.soonest is None else min(until, self.soonest)
                held = {**self.holds, reservation_id: Hold(order_id, quantity, until)}
                return self.but(reserved=self.reserved + quantity, holds=held, soonest=soonest)
            case e.StockSecured(reservation_id=reservation_id):
                return self.but(holds={**self.holds, reservation_id: msgspec.structs.replace(self.holds[reservation_id], until=None)})
            case e.StockReleased(reservation_id=reservation_id, quantity=quantity):
                return self._without(reservation_id, quantity)
            case e.StockCommitted(reservation_id=reservation_id, quantity=quantity):
                return self._without(reservation_id, quantity).but(on_hand=self.on_hand - quantity)
            case e.StockReturned(quantity=quantity):
                return self.but(on_hand=self.on_hand + quantity)
            case e.LowLevelSet(level=level):
                return self.but(low_level=level)
        return self

    def _without(self, reservation_id: UUID, quantity: int) -> Self:
        left, soonest = dict(self.holds), self.soonest
        gone = left.pop(reservation_id, None)
        if gone is not None and gone.until == soonest:
            soonest = min((hold.until for hold in left.values() if hold.until is not None), default=None)
        return self.but(reserved=self.reserved - quantity, holds=left, soonest=soonest)
