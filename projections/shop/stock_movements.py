"""What happened to the stock of each product, one row for each event."""

from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from domain.shared.event import BY_CLASS, Recorded
from projections.shared.read_model import ReadModel, Row, read_model
from projections.shop.products import STOCK, moved

Key = tuple[UUID, int]


class StockMovementRow(Row, frozen=True, gc=False):
    """One thing that happened to a stock. `kind` is the event's name without `stock.`, or `expired`; the rest is what it changed and why."""

    product_id: UUID
    position: int
    version: int
    kind: str
    on_hand: int
    """How many more are on hand after it."""
    reserved: int
    """How many more are reserved after it."""
    order_id: UUID | None
    reservation_id: UUID | None
    reason: str | None
    actor_id: UUID | None
    at: datetime


def keys(recorded: Recorded[Any]) -> tuple[Key, ...]:
    """The product and the event's position."""
    return ((recorded.event.product_id, recorded.position),)


def fold(key: Key, row: StockMovementRow | None, recorded: Recorded[Any]) -> StockMovementRow:  # noqa: ARG001 — the signature of folds; a row is made once.
    """The row of this event; nothing else ever touches it."""
    event = recorded.event
    on_hand, reserved = moved(event)
    return StockMovementRow(
        product_id=key[0],
        position=key[1],
        version=recorded.version,
        kind="expired" if getattr(event, "expired", False) else BY_CLASS[type(event)].name.removeprefix("stock."),
        on_hand=on_hand,
        reserved=reserved,
        order_id=getattr(event, "order_id", None),
        reservation_id=getattr(event, "reservation_id", None),
        reason=getattr(event, "reason", None) or None,
        actor_id=recorded.actor_id,
        at=event.at,
    )


STOCK_MOVEMENTS: Final = read_model(
    ReadModel(
        name="stock_movements",
        version=1,
        store="postgres",
        row=StockMovementRow,
        key=("product_id", "position"),
        listens=STOCK,
        keys=keys,
        fold=fold,
        appends=True,
    )
)
OF_PRODUCT: Final[LiteralString] = "where product_id = %b and position < %b order by position desc limit %b"
"""The newest first."""
