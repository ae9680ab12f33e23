"""A shop in memory: commands, the reactions that see orders through, and a payment provider; each goes on when a test says so."""

from typing import Any, Final
from uuid import UUID

import msgspec

from application.orders.order import PlaceOrder
from application.payments.call import StartCall
from application.shared.context import SYSTEM, Caller, Context
from application.shared.reaction import REACTIONS
from application.shop.product import AddProduct
from domain.orders.order import Order
from domain.payments.errors import CallNotDue
from domain.payments.events import PaymentEvent
from domain.payments.payment import Payment, payment_id
from domain.shared.money import Money
from domain.shop.errors import ReservationNotDue
from domain.shop.events import ProductFields
from domain.shop.stock import Stock, stock_id
from infra.memory.gateway import MemoryGateway
from infra.outside.asking import ask, tell
from infra.settings.shop import ShopSettings
from tests.scenario import World

ADMIN: Final = Caller(UUID(int=1), "admin")
ANN, BOB = (Caller(UUID(int=nth), "user") for nth in (2, 3))
NAMES: Final = ("shop.reservations", "orders.progress", "payments.orders")
SECRETS: Final = dict.fromkeys(("database_url", "redis_url", "master_key", "secret_key", "jwt_private_keys"), "")


def buying(*wanted: tuple[UUID, int], customer_id: UUID | None = None) -> PlaceOrder:
    """The wish to buy so many of some products."""
    return PlaceOrder(products=list(wanted), customer_id=customer_id)


class Shop(World):
    """Where orders are placed and seen through."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.dispatch._settings = msgspec.convert({**SECRETS, "backoff_retries": 2, **settings}, ShopSettings)
        self.gateway = MemoryGateway()
        self._heard = dict.fromkeys(NAMES, 0)
        self._products = 0

    async def product(self, *, quantity: int = 100, price: int = 500, currency: str = "GBP") -> UUID:
        """On sale from now on."""
        self._products += 1
        fields = ProductFields(name=f"Lamp {self._products}", description="", price=Money(price, currency))
        return (await self.do(AddProduct(fields=fields, quantity=quantity), ADMIN)).id

    async def buys(self, who: Caller, *wanted: tuple[UUID, int]) -> Order:
        """Placed, and nothing followed yet."""
        return await self.do(buying(*wanted), who)

    async def order(self, order_id: UUID) -> Order:
        return (await self.log.load(Order, order_id))[0]

    async def stock(self, product: UUID) -> Stock:
        return (await self.log.load(Stock, stock_id(product)))[0]

    async def payment(self, order: Order) -> Payment:
        return (await self.log.load(Payment, payment_id(order.id, order.round)))[0]

    async def hear(self, name: str) -> bool:
        """One reaction does what follows from the next event."""
        at = self._heard[name]
        if at == len(self.recorded):
            return False
        self._heard[name] = at + 1
        await self._react(name, at)
        return True

    async def hear_again(self, name: str, back: int) -> None:
        """One reaction does once more what follows from an event it heard so long ago."""
        at = self._heard[name] - 1 - back
        if at >= 0:
            await self._react(name, at)

    async def _react(self, name: str, at: int) -> None:
        reaction, recorded = REACTIONS[name], self.recorded[at]
        for command in reaction.react(recorded) if isinstance(recorded.event, reaction.listens) else ():
            await self.do(command, SYSTEM)

    async def hear_all(self, name: str) -> None:
        """A reaction does what follows from everything until now."""
        while await self.hear(name):
            pass

    async def call(self, payment: UUID, *, told: bool = True) -> bool:
        """Ask the provider for the next step of a payment; who asked may not live to tell."""
        taken = await self.do(StartCall(payment_id=payment), SYSTEM)
        if taken.step is None:
            return False
        outcome = await ask(self.gateway, taken.payment, taken.step)
        if told:
            await tell(self.dispatch, taken.payment, outcome, Context(SYSTEM, self.new_id()))
        return True

    @property
    def payments(self) -> list[UUID]:
        return list({one.event.payment_id: None for one in self.recorded if isinstance(one.event, PaymentEvent)})

    async def goes_on(self) -> None:
        """Until nothing follows any more at this moment."""
        while any([await self.hear(name) for name in NAMES]) or any([await self.call(one) for one in self.payments]):
            pass

    async def comes_to_rest(self) -> None:
        """Until nothing follows any more, however long that takes."""
        for _ in range(60):
            await self.goes_on()
            self.later(minutes=5)
            for command in self.due():
                try:
                    await self.do(command, SYSTEM)
                except (ReservationNotDue, CallNotDue):
                    continue
        await self.goes_on()
