"""People for simulations: whoever buys, changes their mind and pays again, and whoever keeps the shop, all at random moments."""

import random
from collections.abc import Coroutine
from typing import Any, Self
from uuid import UUID

from msgspec import UNSET

from application.orders.order import CancelOrder, DeliverOrder, PayOrder, PlaceOrder, RefundOrder, ResumeOrder, ShipOrder
from application.shared.context import Caller
from application.shop.product import AddProduct, EditProduct, RemoveProduct
from application.shop.stock import AdjustStock, ReceiveStock
from domain.orders.events import OrderPlaced
from domain.shared.money import Money
from domain.shop.events import ProductFields
from tests.orders.simulator import Simulation

ADMIN = Caller(UUID(int=1), "admin")
BUYERS = [Caller(UUID(int=nth), "user") for nth in (2, 3, 4)]
PRICES = (0, 500, 799)
STEPS = 500
ODDS = [[0.3, 1, 3], [0.3, 1, 3], [0.02, 0.3, 1], [0.3, 1, 3], [0.05, 0.3], [0, 0.1], [0.4, 0.8], [0, 0.05]]
"""How often, to twelve steps: deliveries, cashiers, the clock, webhooks, time, deaths, people, what the provider does by itself."""


class People:
    """What they want next; so many orders in all."""

    def __init__(self, world: Simulation, orders: int) -> None:
        self.world = world
        self.dice: random.Random = world.dice
        self.left = orders
        self.products: list[UUID] = []

    @classmethod
    def of(cls, world: Simulation, orders: int) -> Self:
        """They, and what they put on the shelves at first."""
        people = cls(world, orders)
        for _ in people._open().__await__():
            pass
        world.hear()
        return people

    async def _open(self) -> None:
        plenty = self.dice.choice([3, 8])
        for nth, price in enumerate(PRICES):
            wish = AddProduct(fields=ProductFields(name=f"Lamp {nth}", price=Money(price, "GBP")), quantity=self.dice.randint(1, plenty))
            self.products.append((await self.world.do(wish, ADMIN)).id)

    def next(self) -> Coroutine[Any, Any, Any]:
        """Somebody's next wish."""
        orders = [(one.stream_id, one.event.customer_id) for one in self.world.recorded if isinstance(one.event, OrderPlaced)]
        if not orders or (self.left > 0 and self.dice.random() < 0.4):
            self.left -= 1
            return self._place()
        return self._about(*self.dice.choice(orders)) if self.dice.random() < 0.8 else self._about_stock()

    def _place(self) -> Coroutine[Any, Any, Any]:
        lines = [(product, self.dice.randint(1, 3)) for product in self.dice.sample(self.products, self.dice.randint(1, 3))]
        return self.world.do(PlaceOrder(products=lines), self.dice.choice(BUYERS))

    def _about(self, order_id: UUID, customer_id: UUID) -> Coroutine[Any, Any, Any]:
        wishes = [
            (CancelOrder(order_id=order_id), Caller(customer_id, "user")),
            (PayOrder(order_id=order_id), Caller(customer_id, "user")),
            (RefundOrder(order_id=order_id, reason="Broken", amount=self.dice.randint(1, 900), restock=self.dice.random() < 0.5), ADMIN),
            (RefundOrder(order_id=order_id, reason="Back", products={self.dice.choice(self.products): 1}), ADMIN),
            (RefundOrder(order_id=order_id, reason="All"), ADMIN),
            (ResumeOrder(order_id=order_id), ADMIN),
            (ShipOrder(order_id=order_id), ADMIN),
            (DeliverOrder(order_id=order_id), ADMIN),
        ]
        return self.world.do(*self.dice.choices(wishes, [3, 8, 3, 3, 3, 2, 1, 1])[0])

    def _about_stock(self) -> Coroutine[Any, Any, Any]:
        product_id = self.dice.choice(self.products)
        wishes = [
            ReceiveStock(product_id=product_id, quantity=self.dice.randint(1, 4)),
            AdjustStock(product_id=product_id, delta=self.dice.randint(-4, 4), reason="Counted"),
            EditProduct(product_id=product_id, changes=ProductFields(price=Money(self.dice.randint(1, 900), "GBP")), quantity=UNSET),
            EditProduct(product_id=product_id, changes=ProductFields(), quantity=self.dice.randint(0, 6), low_stock_level=2),
            RemoveProduct(product_id=product_id),
        ]
        return self.world.do(self.dice.choices(wishes, [5, 5, 3, 3, 1])[0], ADMIN)


def run(seed: int) -> Simulation:
    """One schedule, to its rest."""
    world = Simulation(seed)
    people = People.of(world, orders=world.dice.randint(1, 6))
    odds = [12.0, *(world.dice.choice(often) for often in ODDS)]
    try:
        for _ in range(STEPS):
            world.do_anything(people.next, odds)
        world.rest()
    finally:
        world.end()
    return world
