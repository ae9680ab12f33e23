"""All orders of one person, for themselves: as they stand, with what was ordered and what happened to them."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.orders.events import Line
from domain.orders.status import FulfilmentStatus, OrderStatus
from domain.shared.money import Money
from domain.shared.payment_status import PaymentStatus
from projections.orders.orders import ORDERS, Happened, OrderRow
from projections.shared.reading import LAST_ID, Freshness, Tables


class OwnOrder(msgspec.Struct, frozen=True):
    """An order; the newest entries of its timeline."""

    id: UUID
    status: OrderStatus
    status_message: str
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus
    products: tuple[Line, ...]
    total_amount: Money
    refunded_amount: Money
    placed_at: datetime
    updated_at: datetime
    timeline: list[Happened]


async def own_orders(tables: Tables, customer_id: UUID, fresh: Freshness, *, limit: int, before: UUID | None = None) -> list[OwnOrder]:
    """Newest first, older than one of them; at most `limit`."""
    where = "where customer_id = %b and id < %b order by id desc limit %b"
    seen = await tables.many(ORDERS, where, (customer_id, before or LAST_ID, limit), fresh)
    return [_own(row) for row in seen.rows]


def _own(row: OrderRow) -> OwnOrder:
    total = Money(row.total, row.currency)
    return OwnOrder(
        id=row.id,
        status=OrderStatus(row.status),
        status_message=row.status_message,
        payment_status=PaymentStatus(row.payment_status),
        fulfilment_status=FulfilmentStatus(row.fulfilment_status),
        products=msgspec.json.decode(row.lines, type=tuple[Line, ...]),
        total_amount=total,
        refunded_amount=total.of(row.refunded),
        placed_at=row.placed_at,
        updated_at=row.updated_at,
        timeline=msgspec.json.decode(row.timeline, type=list[Happened]),
    )
