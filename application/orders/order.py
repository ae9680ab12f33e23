"""What customers and administrators do with orders; what follows by itself is in `progress`."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from application.orders.access import order_for
from application.orders.policy import policy
from application.shared.command import Command, handles
from application.shared.context import Caller
from application.shared.permissions import Reach, must, reach
from application.shared.ports import Ports
from domain.identity.user import User
from domain.orders.errors import PendingOrderExists
from domain.orders.events import Line
from domain.orders.order import LINES, QUANTITY, Order
from domain.shared.conflicts import InsufficientStock
from domain.shared.fields import Errors, error, invalid, number, refuse
from domain.shared.refused import Forbidden
from domain.shop.product import Product
from domain.shop.reservation import reservation_id
from domain.shop.stock import Stock, stock_id

CLAIM = "order.pending"


class PlaceOrder(Command, frozen=True):
    """Buy so many of some products: for oneself, or for a customer whom one serves."""

    products: Sequence[tuple[UUID, int]]
    customer_id: UUID | None = None


class CancelOrder(Command, frozen=True):
    """Do not want it any more."""

    order_id: UUID
    reason: str = ""


class PayOrder(Command, frozen=True):
    """Try an order once more that could not be paid."""

    order_id: UUID


class RefundOrder(Command, frozen=True):
    """Give money back: for these pieces, so much, or all that is left."""

    order_id: UUID
    reason: str
    amount: int | None = None
    currency: str | None = None
    """Of the amount, where it says one; only the order's own fits."""
    products: Mapping[UUID, int] | None = None
    restock: bool = True


class ShipOrder(Command, frozen=True):
    """The goods left."""

    order_id: UUID
    carrier: str = ""
    tracking: str = ""


class DeliverOrder(Command, frozen=True):
    """The goods arrived."""

    order_id: UUID


class ResumeOrder(Command, frozen=True):
    """Let what is due next for an order be done now."""

    order_id: UUID


@handles(PlaceOrder)
async def place_order(command: PlaceOrder, ports: Ports) -> Order:
    """Raises `InsufficientRole`, `Invalid`, `InsufficientStock` where it is plain that there is too little, `PendingOrderExists`."""
    customer_id = await _customer(command, ports)
    wanted = _merged(command.products)
    products = await ports.log.load_many(Product, list(wanted))
    known = {product.id for product in products if product.exists}
    unknown = [nth for nth, (product_id, _) in enumerate(command.products) if product_id not in known]
    refuse([one for nth in unknown for one in error(f"/products/{nth}/product_id", "unknown_product", "There is no such product.")])
    lines = [Line(product.id, product.name, product.price, wanted[product.id]) for product in products]
    fresh = Order(id=ports.new_id())
    order = ports.log.stage(fresh, *fresh.place(customer_id, lines, policy(ports).order_patience, ports.now))
    await _must_be_there(ports, order)
    if policy(ports).order_single_pending:
        ports.log.claim(CLAIM, str(customer_id), order.id, PendingOrderExists)
    return order


async def _customer(command: PlaceOrder, ports: Ports) -> UUID:
    reached = must(ports.caller, "orders:place")
    if command.customer_id in {None, ports.caller.id}:
        if ports.caller.id is None:
            raise Forbidden
        return ports.caller.id
    if reached is not Reach.ALL:
        raise Forbidden("Only administrators order for others.")
    customer = await ports.log.load(User, command.customer_id)
    if not customer.exists or customer.erased:
        raise invalid("/customer_id", "unknown_user", "There is no such account.")
    if reach(Caller(customer.id, customer.role, roles=customer.roles), "orders:place") is Reach.NONE:
        raise invalid("/customer_id", "no_customer", "Whose account this is may not order anything.")
    return command.customer_id


def _merged(products: Sequence[tuple[UUID, int]]) -> dict[UUID, int]:
    """Lines of one product are one line; raises `Invalid`."""
    errors: Errors = [] if len(products) <= LINES else error("/products", "too_long", f"At most {LINES} lines.")
    merged: dict[UUID, int] = {}
    for nth, (product_id, quantity) in enumerate(products):
        merged[product_id] = merged.get(product_id, 0) + quantity
        errors += number(f"/products/{nth}/quantity", quantity, 1, QUANTITY)
    refuse(errors or [one for quantity in merged.values() for one in number("/products", quantity, 1, QUANTITY)])
    return merged


async def _must_be_there(ports: Ports, order: Order) -> None:
    """Raises `InsufficientStock`. What this try of the order holds is no other's, and about to be free."""
    own, stocks = reservation_id(order.id, order.round), await ports.log.load_many(Stock, [stock_id(line.product_id) for line in order.lines])
    free = [(line, stock.available_to(own, ports.now)) for line, stock in zip(order.lines, stocks, strict=True)]
    short = [
        {"product_id": str(line.product_id), "name": line.name, "requested": line.quantity, "available": available}
        for line, available in free
        if line.quantity > available
    ]
    if short:
        raise InsufficientStock(f"There is not enough of {', '.join(str(one['name']) for one in short[:5])}.", products=short)


@handles(CancelOrder)
async def cancel_order(command: CancelOrder, ports: Ports) -> Order:
    """Raises `InsufficientRole`, `NotFound`, `Invalid`, `InvalidTransition`."""
    order = await order_for(ports, command.order_id, "orders:change")
    return await ended(ports, order, ports.log.stage(order, *order.cancel(command.reason, ports.now)))


@handles(PayOrder)
async def pay_order(command: PayOrder, ports: Ports) -> Order:
    """Raises `InsufficientRole`, `NotFound`, `AlreadyPaid`, `PaymentInProgress`, `InvalidTransition`, `InsufficientStock`."""
    order = await order_for(ports, command.order_id, "orders:change")
    facts = order.retry(policy(ports).order_patience, ports.now)
    await _must_be_there(ports, order)
    if policy(ports).order_single_pending:
        ports.log.claim(CLAIM, str(order.customer_id), order.id, PendingOrderExists)
    return ports.log.stage(order, *facts)


@handles(RefundOrder)
async def refund_order(command: RefundOrder, ports: Ports) -> Order:
    """Raises `InsufficientRole`, `NotFound`, `Invalid`, `InvalidTransition`, `NothingToRefund`."""
    order = await order_for(ports, command.order_id, "orders:refund")
    if command.currency not in {None, order.total.currency}:
        raise invalid("/amount/currency", "wrong_currency", f"The order was paid in {order.total.currency}.")
    wish = order.request_refund(ports.new_id(), command.amount, command.products, command.reason, ports.now, restock=command.restock)
    return ports.log.stage(order, *wish)


@handles(ShipOrder)
async def ship_order(command: ShipOrder, ports: Ports) -> Order:
    """Raises `InsufficientRole`, `NotFound`, `Invalid`, `InvalidTransition`."""
    order = await order_for(ports, command.order_id, "orders:fulfil")
    return ports.log.stage(order, *order.ship(command.carrier, command.tracking, ports.now))


@handles(DeliverOrder)
async def deliver_order(command: DeliverOrder, ports: Ports) -> Order:
    """Raises `InsufficientRole`, `NotFound`, `InvalidTransition`."""
    order = await order_for(ports, command.order_id, "orders:fulfil")
    return ports.log.stage(order, *order.deliver(ports.now))


@handles(ResumeOrder)
async def resume_order(command: ResumeOrder, ports: Ports) -> Order:
    """Raises `InsufficientRole`, `NotFound`."""
    order = await order_for(ports, command.order_id, "orders:resume")
    return ports.log.stage(order, *order.resume(ports.now))


async def ended(ports: Ports, before: Order, after: Order) -> Order:
    """After a step of an order: once it is over, its customer may place another one."""
    if after.is_over and not before.is_over and await ports.log.holder(CLAIM, str(after.customer_id)) == after.id:
        ports.log.release(CLAIM, str(after.customer_id))
    return after
