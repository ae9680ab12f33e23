"""What happens to products, to their stock, and to what is held for orders."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from domain.shared.event import Event, recorded_as
from domain.shared.money import Money


class ProductFields(Struct, frozen=True, omit_defaults=True):
    """What a product says of itself; what is left out did not change."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    price: Money | UnsetType = UNSET


class ProductEvent(Event, frozen=True, gc=False):
    """Something that happened to a product."""

    product_id: UUID
    at: datetime


@recorded_as("product.added")
class ProductAdded(ProductEvent, frozen=True, gc=False):
    """There is a new product."""

    fields: ProductFields


@recorded_as("product.edited")
class ProductEdited(ProductEvent, frozen=True, gc=False):
    """What it says of itself changed; orders that were placed keep what it said before."""

    before: ProductFields
    after: ProductFields


@recorded_as("product.removed")
class ProductRemoved(ProductEvent, frozen=True, gc=False):
    """It is not sold any more; its name is free. What is held of it for orders stays held."""


class StockEvent(Event, frozen=True, gc=False):
    """Something that happened to the stock of a product. Quantities are pieces."""

    product_id: UUID
    at: datetime


@recorded_as("stock.received")
class StockReceived(StockEvent, frozen=True, gc=False):
    """So many more are on hand."""

    quantity: int
    reason: str = ""


@recorded_as("stock.adjusted")
class StockAdjusted(StockEvent, frozen=True, gc=False):
    """There are so many more, or fewer (negative), than was thought."""

    delta: int
    reason: str


@recorded_as("stock.reserved")
class StockReserved(StockEvent, frozen=True, gc=False):
    """So many are held for an order. From `until` on they count as free, unless they are secured."""

    reservation_id: UUID
    order_id: UUID
    quantity: int
    until: datetime


@recorded_as("stock.secured")
class StockSecured(StockEvent, frozen=True, gc=False):
    """What is held for an order is held until that is over."""

    reservation_id: UUID
    order_id: UUID


@recorded_as("stock.released")
class StockReleased(StockEvent, frozen=True, gc=False):
    """What was held for an order is free."""

    reservation_id: UUID
    order_id: UUID
    quantity: int
    expired: bool = False


@recorded_as("stock.committed")
class StockCommitted(StockEvent, frozen=True, gc=False):
    """What was held for an order is sold: not held any more, and not on hand."""

    reservation_id: UUID
    order_id: UUID
    quantity: int


@recorded_as("stock.returned")
class StockReturned(StockEvent, frozen=True, gc=False):
    """So many came back from an order that was refunded."""

    order_id: UUID
    quantity: int


@recorded_as("stock.low_level_set")
class LowLevelSet(StockEvent, frozen=True, gc=False):
    """From how many free pieces down the stock is low; None: never."""

    level: int | None


@recorded_as("stock.ran_low")
class StockRanLow(StockEvent, frozen=True, gc=False):
    """So few are free that somebody should order more; said once each time the stock falls to its low level."""

    available: int
    level: int


class ReservationEvent(Event, frozen=True, gc=False):
    """Something that happened to what is held for an order. `round` counts the times the order was tried, from 1."""

    reservation_id: UUID
    order_id: UUID
    round: int
    at: datetime


@recorded_as("reservation.made")
class ReservationMade(ReservationEvent, frozen=True, gc=False):
    """Everything the order wants is held for it, until a moment."""

    until: datetime


@recorded_as("reservation.refused")
class ReservationRefused(ReservationEvent, frozen=True, gc=False):
    """There was not enough; nothing is held."""

    short: dict[UUID, int]
    """How many of each product were free, of those there were too few of."""


@recorded_as("reservation.secured")
class ReservationSecured(ReservationEvent, frozen=True, gc=False):
    """It does not expire any more."""


@recorded_as("reservation.expired")
class ReservationExpired(ReservationEvent, frozen=True, gc=False):
    """Its time ran out; what was held is free."""


@recorded_as("reservation.released")
class ReservationReleased(ReservationEvent, frozen=True, gc=False):
    """The order does not want it any more."""


@recorded_as("reservation.committed")
class ReservationCommitted(ReservationEvent, frozen=True, gc=False):
    """What was held is sold."""


@recorded_as("reservation.returned")
class ReservationReturned(ReservationEvent, frozen=True, gc=False):
    """So many pieces of each product came back, in all."""

    returned: dict[UUID, int]
