"""What customers and administrators do with an order that was placed."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.orders.order import ONE, Piece
from api.orders.views import OrderView, order_is_there
from api.shared.bodies import Body
from api.shared.commanding import carry_out
from api.shared.request import Req
from api.shared.routing import command
from application.orders.order import CancelOrder, DeliverOrder, PayOrder, RefundOrder, ResumeOrder, ShipOrder
from application.shared.command import Command
from domain.orders.order import LINES, TEXT, Order
from domain.shared.money import MOST

ADMIN: Final = "/api/v1/admin/orders/{order_id:uuid}"
Text = Annotated[str, Meta(max_length=TEXT)]
Minor = Annotated[int, Meta(ge=1, le=MOST)]
SHOWN: Final[dict[str, Any]] = {"answers": OrderView, "tags": ["orders"], "exists": order_is_there}


class NothingMore(Body, frozen=True, kw_only=True):
    """There is nothing to say about it, so whatever is said is refused."""


Nothing = JSONBody[NothingMore | None]


class Cancelling(Body, frozen=True, kw_only=True):
    """Why, if there is a reason."""

    reason: Text = ""


class Amount(Body, frozen=True, kw_only=True):
    """Some of the money, in minor units of the order's own currency."""

    amount: Minor
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["GBP"])]


class Refund(Body, frozen=True, kw_only=True):
    """Give money back: for some pieces, an amount (as money, or only its number), or all that is left where neither is named.

    Pieces go back on the shelf, unless `restock` is false.
    """

    reason: Annotated[str, Meta(min_length=1, max_length=TEXT)]
    amount: Amount | Minor | None = None
    products: Annotated[Sequence[Piece], Meta(min_length=1, max_length=LINES)] | None = None
    restock: bool = True


class Shipping(Body, frozen=True, kw_only=True):
    """Who carries it, and under which number."""

    carrier: Text = ""
    tracking: Text = ""


@command(f"{ONE}/cancel", needs="orders:change", **SHOWN)
async def cancel_order(request: Req, order_id: FromPath[UUID], data: JSONBody[Cancelling | None] = None) -> Response[bytes]:
    """Not want an order any more, while it is pending or reserved; what was held and authorised for it is given back."""
    return await _carry_out(request, CancelOrder(order_id=order_id, reason="" if data is None else data.reason))


@command(f"{ONE}/pay", needs="orders:change", keyed=True, **SHOWN)
async def pay_order(request: Req, order_id: FromPath[UUID], data: Nothing = None) -> Response[bytes]:  # noqa: ARG001 — read, so that fields are refused.
    """Try once more to pay an order that was rejected for its payment, at the prices it was placed at."""
    return await _carry_out(request, PayOrder(order_id=order_id))


@command(f"{ONE}/refund", needs="orders:refund", keyed=True, **SHOWN)
async def refund_order(request: Req, order_id: FromPath[UUID], data: JSONBody[Refund]) -> Response[bytes]:
    """Give money of a completed order back."""
    return await _refund(request, order_id, data)


@command(f"{ADMIN}/refund", needs="orders:refund", keyed=True, **SHOWN)
async def refund_any_order(request: Req, order_id: FromPath[UUID], data: JSONBody[Refund]) -> Response[bytes]:
    """Give money of a completed order back (another address of the same)."""
    return await _refund(request, order_id, data)


async def _refund(request: Req, order_id: UUID, data: Refund) -> Response[bytes]:
    products: Counter[UUID] = Counter()
    for one in data.products or ():
        products[one.product_id] += one.quantity
    amount, currency = (data.amount.amount, data.amount.currency) if isinstance(data.amount, Amount) else (data.amount, None)
    wanted = None if data.products is None else dict(products)
    wish = RefundOrder(order_id=order_id, reason=data.reason, amount=amount, currency=currency, products=wanted, restock=data.restock)
    return await _carry_out(request, wish)


@command(f"{ONE}/ship", needs="orders:fulfil", **SHOWN)
async def ship_order(request: Req, order_id: FromPath[UUID], data: JSONBody[Shipping | None] = None) -> Response[bytes]:
    """Say that the goods of a completed order left."""
    told = data or Shipping()
    return await _carry_out(request, ShipOrder(order_id=order_id, carrier=told.carrier, tracking=told.tracking))


@command(f"{ONE}/deliver", needs="orders:fulfil", **SHOWN)
async def deliver_order(request: Req, order_id: FromPath[UUID], data: Nothing = None) -> Response[bytes]:  # noqa: ARG001 — read, so that fields are refused.
    """Say that the goods arrived."""
    return await _carry_out(request, DeliverOrder(order_id=order_id))


@command(f"{ADMIN}/resume", needs="orders:resume", **SHOWN)
async def resume_order(request: Req, order_id: FromPath[UUID], data: Nothing = None) -> Response[bytes]:  # noqa: ARG001 — read, so that fields are refused.
    """Let what is due next for an order be done now, such as for one that is stuck. What was done is not done again."""
    return await _carry_out(request, ResumeOrder(order_id=order_id))


async def _carry_out(request: Req, wish: Command) -> Response[bytes]:
    return await carry_out(request, wish, OrderView, of=Order)
