"""The stock of a product: how many there are, what comes in, what was counted wrong, and everything that ever happened to it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.shared.bodies import Body
from api.shared.commanding import carry_out
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import command, query
from api.shop.views import ALL, ONE, product_is_there
from application.shop.stock import AdjustStock, ReceiveStock
from domain.shared.refused import NotFound
from domain.shop.stock import MOST, REASON
from projections.shared.reading import LAST_POSITION, Freshness
from projections.shop.products import PRODUCTS, ProductRow
from projections.shop.stock_movements import OF_PRODUCT, STOCK_MOVEMENTS, StockMovementRow

Reason = Annotated[str, Meta(max_length=REASON, examples=["two were broken"])]


class StockReceipt(Body, frozen=True, kw_only=True):
    """Pieces that came in, and why."""

    quantity: Annotated[int, Meta(ge=1, le=MOST)]
    reason: Reason | None = None


class StockAdjustment(Body, frozen=True, kw_only=True):
    """How many more there are than was thought, or fewer (negative), and why."""

    delta: Annotated[int, Meta(ge=-MOST, le=MOST)]
    reason: Annotated[Reason, Meta(min_length=1)]


class StockView(msgspec.Struct, frozen=True):
    """The stock of a product, in pieces: `available` are on hand and not reserved. `version` counts what happened to it."""

    id: UUID
    version: int
    on_hand: int
    reserved: int
    available: int
    low_stock_level: int | None


class StockMovementView(msgspec.Struct, frozen=True):
    """Something that happened to a stock: how many more were on hand and reserved after it, for which order, why and by whom."""

    position: int
    version: int
    kind: str
    on_hand: int
    reserved: int
    order_id: UUID | None
    reservation_id: UUID | None
    reason: str | None
    actor_id: UUID | None
    at: datetime


@query(f"{ONE}/stock", needs="stock:read", answers=StockView, tags=["shop"])
async def get_stock(request: Req, product_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """Read the stock of a product, as new as its newest event."""
    seen = await parts(request).tables.one(PRODUCTS, product_id, fresh)
    if seen.row is None or seen.row.removed:
        raise NotFound
    return one(request, _view(seen.row), version=seen.row.stock_version, position=seen.position, stale=seen.stale)


@command(f"{ONE}/stock-receipts", needs="products:write", status=201, answers=StockView, tags=["shop"], exists=product_is_there)
async def receive_stock(request: Req, product_id: FromPath[UUID], data: JSONBody[StockReceipt]) -> Response[bytes]:
    """Take in more pieces."""
    wish = ReceiveStock(product_id=product_id, quantity=data.quantity, reason=data.reason or "")
    return await _moved(request, wish)


@command(f"{ONE}/stock-adjustments", needs="products:write", status=201, answers=StockView, tags=["shop"], exists=product_is_there)
async def adjust_stock(request: Req, product_id: FromPath[UUID], data: JSONBody[StockAdjustment]) -> Response[bytes]:
    """Correct how many there are; 409 `insufficient_stock` where more than the free ones would go."""
    return await _moved(request, AdjustStock(product_id=product_id, delta=data.delta, reason=data.reason))


async def _moved(request: Req, wish: ReceiveStock | AdjustStock) -> Response[bytes]:
    return await carry_out(request, wish, StockView, status=201, location=f"{ALL}/{wish.product_id}/stock")


@query(f"{ONE}/stock-movements", needs="stock:read", answers=Page[StockMovementView], tags=["shop"])
async def list_stock_movements(
    request: Req, product_id: FromPath[UUID], fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """What happened to the stock of a product, the newest first; also of one that is not sold any more."""
    most = limit or DEFAULT_LIMIT
    (before,) = read_cursor(request, cursor, tuple[int]) or (LAST_POSITION,)
    newest = msgspec.structs.replace(fresh, of_anybody=True)
    seen = await parts(request).tables.many(STOCK_MOVEMENTS, OF_PRODUCT, (product_id, before, most + 1), newest)
    if not seen.rows and cursor is None:
        raise NotFound
    shown = [_movement(row) for row in seen.rows[:most]]
    following = write_cursor(request, shown[-1].position) if len(seen.rows) > most else None
    return page(request, shown, position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


def _view(row: ProductRow) -> StockView:
    return StockView(row.id, row.stock_version, row.on_hand, row.reserved, row.quantity, row.low_level)


def _movement(row: StockMovementRow) -> StockMovementView:
    return msgspec.convert(row, StockMovementView, from_attributes=True)
