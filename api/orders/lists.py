"""Lists of orders: one's own, and everybody's."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter

from api.orders.views import OrderView, order_view
from api.shared.access import caller
from api.shared.moments import moment, moment_of
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import query
from api.shared.words import words_of
from domain.orders.status import OrderStatus
from domain.shared.aggregate import NOBODY
from domain.shared.payment_status import PaymentStatus
from projections.orders.order_search import Sought, part
from projections.shared.reading import Freshness

Statuses = Annotated[str | None, QueryParameter(max_length=200, description=f"{', '.join(OrderStatus)}; several with commas, in any case.")]
Payments = Annotated[str | None, QueryParameter(max_length=200, description=f"{', '.join(PaymentStatus)}; several with commas, in any case.")]
From = Annotated[str | None, moment("Placed then or later.")]
To = Annotated[str | None, moment("Placed then or earlier.")]


class Asked(msgspec.Struct, frozen=True):
    """Which part of which orders is wanted."""

    sought: Sought
    fresh: Freshness
    limit: int
    cursor: str | None


def asked(
    fresh: NamedDependency[Freshness],
    status: Statuses = None,
    payment_status: Payments = None,
    placed_from: From = None,
    placed_to: To = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> Asked:
    """What a request says of the orders it seeks; raises `BodyRefused` naming what does not fit."""
    statuses = [str(one) for one in words_of("status", status, OrderStatus)]
    payments = [str(one) for one in words_of("payment_status", payment_status, PaymentStatus)]
    since, until = moment_of("placed_from", placed_from), moment_of("placed_to", placed_to)
    sought = Sought(statuses=statuses, payment_statuses=payments, since=since, until=until)
    return Asked(sought, fresh, limit or DEFAULT_LIMIT, cursor)


HOW: Final = {"how": Provide(asked, sync_to_thread=False)}


@query("/api/v1/orders", needs="orders:read", answers=Page[OrderView], tags=["orders"], dependencies=HOW)
async def list_orders(request: Req, how: NamedDependency[Asked]) -> Response[bytes]:
    """The caller's own orders, newest first."""
    return await _list(request, how, msgspec.structs.replace(how.sought, customer_id=caller(request).id or NOBODY))


@query("/api/v1/admin/orders", needs="orders:list-all", answers=Page[OrderView], tags=["orders"], dependencies=HOW)
async def list_all_orders(
    request: Req,
    how: NamedDependency[Asked],
    customer_id: FromQuery[UUID | None] = None,
    stuck: FromQuery[bool] = False,  # noqa: FBT002 — a query parameter.
) -> Response[bytes]:
    """Everybody's orders, newest first. `stuck=true`: only those of which something is still under way though it is past their time, the latest
    to be late first.
    """
    stuck_at = parts(request).log.now() if stuck else None
    return await _list(request, how, msgspec.structs.replace(how.sought, customer_id=customer_id, stuck_at=stuck_at))


async def _list(request: Req, how: Asked, sought: Sought) -> Response[bytes]:
    beyond = read_cursor(request, how.cursor, tuple[UUID] if sought.stuck_at is None else tuple[datetime, UUID])
    found = await part(parts(request).tables, sought, how.fresh, limit=how.limit, beyond=beyond)
    following = None if found.following is None else write_cursor(request, *found.following)
    seen, shown = found.seen, [order_view(row) for row in found.rows]
    return page(request, shown, position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)
