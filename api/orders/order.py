"""One order: place it, look at it, and what happened to it."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.orders.views import Entry, OrderDetails, OrderView, entry_view, order_details
from api.shared.access import caller
from api.shared.bodies import Body
from api.shared.commanding import carry_out
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import command, query
from application.orders.access import must_be_in_sight
from application.orders.order import PlaceOrder
from domain.orders.order import LINES, QUANTITY, Order
from domain.payments.payment import payment_id
from domain.shared.refused import NotFound
from projections.orders.orders import ORDERS, OrderRow, happened
from projections.payments.payments import PAYMENTS
from projections.shared.reading import Freshness, Seen

ALL: Final = "/api/v1/orders"
ONE: Final = "/api/v1/orders/{order_id:uuid}"
PAYMENTS_SHOWN: Final = 50
Quantity = Annotated[int, Meta(ge=1, le=QUANTITY, examples=[2])]


class Piece(Body, frozen=True, kw_only=True):
    """So many of a product."""

    product_id: UUID
    quantity: Quantity


class NewOrder(Body, frozen=True, kw_only=True):
    """What somebody wants to buy; lines of the same product are one. Administrators may order for a customer."""

    products: Annotated[Sequence[Piece], Meta(min_length=1, max_length=LINES)]
    customer_id: UUID | None = None


@command(ALL, needs="orders:place", keyed=True, status=201, answers=OrderView, tags=["orders"])
async def place_order(request: Req, data: JSONBody[NewOrder]) -> Response[bytes]:
    """Place an order, at today's prices. It is `pending` at once; what becomes of it shows in its status and its timeline.

    409 `insufficient_stock` names under `products` what there is too little of.
    """
    wish = PlaceOrder(products=[(piece.product_id, piece.quantity) for piece in data.products], customer_id=data.customer_id)
    return await carry_out(request, wish, OrderView, of=Order, status=201, location=f"{ALL}/")


@query(ONE, needs="orders:read", answers=OrderDetails, tags=["orders"])
async def get_order(request: Req, order_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """Read an order with its payments and timeline, as new as its newest event. The second number of the ETag changes with the payments."""
    seen, row = await _seen(request, order_id, fresh)
    newest = Freshness(fresh.caller_id, payment_id(order_id, row.round), fresh.min_position, fresh.allow_stale)
    where = f"where order_id = %b order by round desc limit {PAYMENTS_SHOWN}"
    payments = await parts(request).tables.many(PAYMENTS, where, (order_id,), newest)
    told = order_details(row, sorted(payments.rows, key=lambda payment: payment.round))
    version = f"{row.version}.{sum(payment.version for payment in payments.rows)}"
    return one(request, told, version=version, position=min(seen.position, payments.position), stale=seen.stale or payments.stale)


@query(f"{ONE}/events", needs="orders:read", answers=Page[Entry], tags=["orders"])
async def list_order_events(
    request: Req, order_id: FromPath[UUID], fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """What happened to an order, oldest first."""
    await _seen(request, order_id, fresh)
    (after,) = read_cursor(request, cursor, tuple[int]) or (0,)
    most = limit or DEFAULT_LIMIT
    steps = [step.recorded for step in await parts(request).past.steps(ORDERS, order_id)]
    found = [recorded for recorded in steps if recorded.version > after]
    shown = [entry_view(happened(recorded)) for recorded in found[:most]]
    following = write_cursor(request, found[most - 1].version) if len(found) > most else None
    return page(request, shown, position=steps[-1].position, following=following)


async def _seen(request: Req, order_id: UUID, fresh: Freshness) -> tuple[Seen[OrderRow], OrderRow]:
    seen = await parts(request).tables.one(ORDERS, order_id, fresh)
    if seen.row is None:
        raise NotFound
    must_be_in_sight(seen.row.customer_id, caller(request))
    return seen, seen.row
