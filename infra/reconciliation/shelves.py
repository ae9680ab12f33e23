"""Whether the stock of every product adds up (I5), counted piece by piece from the log, beside the folds that are served and decided by."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.shared.event import BY_CLASS, Event, Recorded
from domain.shop import events as s
from infra.reconciliation.discrepancy import Discrepancy
from infra.serialization.mapper import Unreadable
from projections.shop.products import PRODUCTS, ProductRow, moved

KINDS: Final[tuple[type[Event], ...]] = tuple(kind for kind in BY_CLASS if issubclass(kind, s.StockEvent))
LISTENER: Final = msgspec.structs.replace(PRODUCTS, listens=KINDS)
"""What is read of the log."""


class Shelf(msgspec.Struct):
    """One product: how many are on hand and reserved by the fold that is served, and why, by what is counted here; `held` is by reservation."""

    on_hand: int = 0
    reserved: int = 0
    received: int = 0
    adjusted: int = 0
    returned: int = 0
    committed: int = 0
    held: dict[UUID, int] = msgspec.field(default_factory=dict)

    def count(self, event: s.StockEvent) -> list[str]:
        """Go on with what happened; what must not be, in words."""
        found = list(self._counted(event))
        on_hand, reserved = moved(event)
        self.on_hand, self.reserved = self.on_hand + on_hand, self.reserved + reserved
        if not 0 <= self.reserved <= self.on_hand:
            found.append(f"{self.on_hand} are on hand and {self.reserved} reserved")
        return found

    def _counted(self, event: s.StockEvent) -> Iterator[str]:
        match event:
            case s.StockReceived(quantity=quantity):
                self.received += quantity
            case s.StockAdjusted(delta=delta):
                self.adjusted += delta
            case s.StockReturned(quantity=quantity):
                self.returned += quantity
            case s.StockReserved(reservation_id=held, quantity=quantity):
                if held in self.held:
                    yield f"reservation {held} was held twice"
                self.held[held] = quantity
            case s.StockReleased(reservation_id=held, quantity=quantity):
                yield from self._let_go(held, quantity, "released")
            case s.StockCommitted(reservation_id=held, quantity=quantity):
                yield from self._let_go(held, quantity, "sold")
                self.committed += quantity

    def _let_go(self, held: UUID, quantity: int, how: str) -> Iterator[str]:
        there = self.held.pop(held, 0)
        if there != quantity:
            yield f"of reservation {held} {quantity} were {how} and {there} held"

    def differences(self) -> Iterator[str]:
        """What does not add up, after whatever event."""
        right = self.received + self.adjusted + self.returned - self.committed
        if self.on_hand != right:
            yield f"{self.on_hand} are on hand where {right} is right"
        if self.reserved != sum(self.held.values()):
            yield f"{self.reserved} are reserved, its reservations hold {sum(self.held.values())}"


class Shelves:
    """All products, as far as the log was read."""

    def __init__(self) -> None:
        self.of: dict[UUID, Shelf] = {}
        self.wrong: list[Discrepancy] = []

    def read(self, events: Iterable[Recorded[Any]]) -> None:
        """Go on with these events, in the order of the log."""
        for recorded in events:
            event = recorded.event
            if isinstance(event, Unreadable):
                self.wrong.append(Discrepancy(f"position {recorded.position}", f"cannot be read: {event.error}"))
            elif isinstance(event, s.StockEvent):
                shelf = self.of.setdefault(event.product_id, Shelf())
                self.wrong += (Discrepancy(f"product {event.product_id}", f"{why} at position {recorded.position}") for why in shelf.count(event))

    def judged(self) -> list[Discrepancy]:
        """Everything that is wrong, now that all was read."""
        return self.wrong + [Discrepancy(f"product {product_id}", why) for product_id, shelf in self.of.items() for why in shelf.differences()]

    def compare(self, products: Iterable[UUID], served: Mapping[UUID, ProductRow]) -> None:
        """Hold what is served of these products, at the position that was read up to, against the log."""
        for product_id in products:
            shelf, row = self.of.get(product_id, Shelf()), served.get(product_id)
            if row is None:
                self.wrong.append(Discrepancy(f"product {product_id}", "it is not served"))
            elif (row.on_hand, row.reserved) != (shelf.on_hand, shelf.reserved):
                why = f"{row.on_hand} on hand and {row.reserved} reserved are served, {shelf.on_hand} and {shelf.reserved} by the log"
                self.wrong.append(Discrepancy(f"product {product_id}", why))
