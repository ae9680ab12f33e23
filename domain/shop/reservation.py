"""What is held for one try of an order, over the stock of all its products: all lines or none."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

import msgspec

from domain.shared.aggregate import NOBODY, Aggregate
from domain.shared.beside import beside
from domain.shared.event import Event
from domain.shop import events as e
from domain.shop.errors import ReservationNotDue


class ReservationStatus(StrEnum):
    """Where a reservation stands."""

    NOTHING = "nothing"
    MADE = "made"
    SECURED = "secured"
    COMMITTED = "committed"
    REFUSED = "refused"
    EXPIRED = "expired"
    RELEASED = "released"


LIVE: Final = frozenset({ReservationStatus.MADE, ReservationStatus.SECURED})
"""Something is held for it."""
OVER: Final = frozenset({ReservationStatus.COMMITTED, ReservationStatus.REFUSED, ReservationStatus.EXPIRED, ReservationStatus.RELEASED})


def reservation_id(order_id: UUID, round: int) -> UUID:
    """The stream of what is held for a try of an order."""
    return beside(order_id, f"shop.reservation/{round}")


class Reservation(Aggregate, frozen=True):
    """One reservation. What it holds of which product, the stocks know."""

    order_id: UUID = NOBODY
    round: int = 0
    status: ReservationStatus = ReservationStatus.NOTHING
    until: datetime | None = None
    short: dict[UUID, int] = msgspec.field(default_factory=dict)
    returned: dict[UUID, int] = msgspec.field(default_factory=dict)

    def make(self, order_id: UUID, round: int, until: datetime, now: datetime) -> list[Event]:
        """Everything is held; told twice, or after it was released, nothing happens."""
        return [] if self.status is not ReservationStatus.NOTHING else [e.ReservationMade(**self._of(order_id, round, now), until=until)]

    def refuse(self, order_id: UUID, round: int, short: Mapping[UUID, int], now: datetime) -> list[Event]:
        """There was too little of some products."""
        return [] if self.status is not ReservationStatus.NOTHING else [e.ReservationRefused(**self._of(order_id, round, now), short=dict(short))]

    def secure(self, now: datetime, *, held: bool) -> list[Event]:
        """Let it not expire any more; where what it held is not (all) `held` any more, it has expired."""
        if self.status is not ReservationStatus.MADE:
            return []
        return [e.ReservationSecured(**self._mine(now))] if held else [e.ReservationExpired(**self._mine(now))]

    def expire(self, now: datetime) -> list[Event]:
        """Its time ran out; raises `ReservationNotDue`. What is secured does not expire."""
        if self.status is not ReservationStatus.MADE or self.until is None:
            return []
        if now < self.until:
            raise ReservationNotDue
        return [e.ReservationExpired(**self._mine(now))]

    def release(self, order_id: UUID, round: int, now: datetime) -> list[Event]:
        """Nothing is wanted any more, also when that is heard before it was made. What is sold stays sold."""
        if self.status in OVER:
            return []
        return [e.ReservationReleased(**self._of(order_id, round, now))]

    def commit(self, now: datetime) -> list[Event]:
        """It is sold."""
        return [e.ReservationCommitted(**self._mine(now))] if self.status is ReservationStatus.SECURED else []

    def take_back(self, returned: Mapping[UUID, int], now: datetime) -> list[Event]:
        """So many pieces of each product came back in all, of what was sold; fewer than are known of is old news."""
        most = dict(Counter(self.returned) | Counter(returned))
        if self.status is not ReservationStatus.COMMITTED or most == self.returned:
            return []
        return [e.ReservationReturned(**self._mine(now), returned=most)]

    def _of(self, order_id: UUID, round: int, now: datetime) -> dict[str, Any]:
        return {"reservation_id": self.id, "order_id": order_id, "round": round, "at": now}

    def _mine(self, now: datetime) -> dict[str, Any]:
        return self._of(self.order_id, self.round, now)

    def evolve(self, event: Event) -> Self:  # noqa: PLR0911 — one line per kind of event.
        """The reservation after one more fact."""
        match event:
            case e.ReservationMade(order_id=order_id, round=round, until=until):
                return self.but(order_id=order_id, round=round, until=until, status=ReservationStatus.MADE)
            case e.ReservationSecured():
                return self.but(status=ReservationStatus.SECURED, until=None)
            case e.ReservationCommitted():
                return self.but(status=ReservationStatus.COMMITTED)
            case e.ReservationRefused(order_id=order_id, round=round, short=short):
                return self.but(order_id=order_id, round=round, status=ReservationStatus.REFUSED, short=short)
            case e.ReservationExpired():
                return self.but(status=ReservationStatus.EXPIRED, until=None)
            case e.ReservationReleased(order_id=order_id, round=round):
                return self.but(order_id=order_id, round=round, status=ReservationStatus.RELEASED, until=None)
            case e.ReservationReturned(returned=returned):
                return self.but(returned=returned)
        return self
