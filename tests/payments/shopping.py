"""What tests of payments do first: something is bought, so that somebody has to pay for it."""

from datetime import timedelta
from uuid import UUID, uuid4

from application.orders.order import CancelOrder, PlaceOrder, RefundOrder
from application.shared.context import Caller, Context
from application.shop.product import AddProduct
from domain.orders.order import Order
from domain.payments.payment import Payment, payment_id
from domain.shared.money import Money
from domain.shop.events import ProductFields
from infra.app import System, new_id
from tests.eventually import eventually
from tests.payments.misbehaving import Misbehaving

ADMIN = Caller(UUID(int=1), "admin")
SOON = timedelta(seconds=10)


async def product(system: System, price: int, quantity: int = 1_000) -> UUID:
    """The id of something new that costs so much."""
    fields = ProductFields(name=f"Lamp {uuid4()}", description="", price=Money(price, "GBP"))
    return (await system.dispatch(AddProduct(fields=fields, quantity=quantity), Context(ADMIN, new_id()))).result.id


async def buy(system: System, price: int, pieces: int = 1, customer_id: UUID | None = None) -> Order:
    """An order of something new that costs so much, by somebody new where nobody is named."""
    wish = PlaceOrder(products=[(await product(system, price), pieces)])
    return (await system.dispatch(wish, Context(Caller(customer_id or uuid4(), "user"), new_id()))).result


async def cancel(system: System, order: Order) -> None:
    """Its customer does not want it any more."""
    await system.dispatch(CancelOrder(order_id=order.id), Context(Caller(order.customer_id, "user"), new_id()))


async def changed_their_mind(system: System, provider: Misbehaving) -> Order:
    """An order that was cancelled while the provider was being asked to authorise it."""
    order = await buy(system, 500)

    async def is_asked() -> bool:
        return bool(await provider.asked(payment_id(order.id, 1)))

    await eventually(is_asked)
    await cancel(system, order)
    return order


async def three_ends(system: System) -> dict[str, Order]:
    """Orders of three products, all over: one is `paid`, of one a piece was `returned`, and one is `gone`."""
    paid, returned, gone = [await buy(system, price, pieces) for price, pieces in ((300, 3), (500, 2), (700, 1))]
    await cancel(system, gone)
    for one in (paid, returned):
        await ends(system, one.id, "completed")
    back = RefundOrder(order_id=returned.id, reason="broken", products={returned.lines[0].product_id: 1})
    await system.dispatch(back, Context(ADMIN, new_id()))
    return {"paid": paid, "returned": returned, "gone": gone}


async def the_order(system: System, order_id: UUID) -> Order:
    return (await system.log._streams.load(Order, order_id))[0]


async def the_payment(system: System, order_id: UUID, round: int = 1) -> Payment:
    return (await system.log._streams.load(Payment, payment_id(order_id, round)))[0]


async def ends(system: System, order_id: UUID, status: str, seconds: float = 15) -> Order:
    """The order, once it is over like this."""

    async def look() -> Order | None:
        order = await the_order(system, order_id)
        return order if order.status == status else None

    return await eventually(look, seconds, f"the order is {status}")
