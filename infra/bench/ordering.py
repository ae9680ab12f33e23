"""ORDERS: orders per second from the placing to the last one that is completed, with everything in between: stock reserved, money authorised,
confirmed, captured, stock committed. Over one product, ten, and a thousand: a flash sale of one product must not collapse.

The payment provider is the simulator with `PAYMENT_DURATION=0`. Orders are placed through dispatch, as the API does, by one process; one
consumers process does all the rest. Moments are those the log recorded.
"""

import asyncio
from datetime import datetime
from typing import Final

import uvloop

from application.orders.order import PlaceOrder
from application.shared.context import SYSTEM, Caller, Context
from application.shop.product import AddProduct
from domain.shared.money import Money
from domain.shop.events import ProductFields
from infra.app import System, new_id, system
from infra.bench.place import CLIENTS, Place
from infra.bench.row import Row
from infra.local.program import free_port
from infra.processes import clock, consumers, relay
from infra.settings import Settings

PRODUCTS: Final = (1000, 10, 1)
ORDERS: Final = 3_000
PLENTY: Final = 1_000_000
LOOK: Final = 0.05
PATIENCE: Final = 120.0
LEAST: Final = 0.5
"""The rate over one product, by that over a thousand."""


def sell(settings: Settings, products: int, orders: int) -> dict[str, float]:
    """Sell so much; how fast."""
    return uvloop.run(_sell(settings, products, orders))


async def _sell(settings: Settings, products: int, orders: int) -> dict[str, float]:
    async with system(settings) as parts:
        few = asyncio.Semaphore(CLIENTS)

        async def add(nth: int) -> object:
            fields = ProductFields(name=f"{new_id()} {nth}", description="", price=Money(250, "GBP"))
            async with few:
                return (await parts.dispatch(AddProduct(fields=fields, quantity=PLENTY), Context(SYSTEM, new_id()))).result.id

        shelf = await asyncio.gather(*(add(nth) for nth in range(products)))
        customer, start = Caller(new_id(), "user"), (await parts.reader.head()).position

        async def place(nth: int) -> None:
            async with few:
                wish = PlaceOrder(products=[(shelf[nth % products], 1)])  # type: ignore[list-item]  # ids of products
                await parts.dispatch(wish, Context(customer, new_id()))

        await asyncio.gather(*(place(nth) for nth in range(orders)))
        moments = {word: await _all(parts, word, start, orders) for word in ("order.placed", "order.reserved", "order.completed")}
        began = moments["order.placed"][0]
        return {word.partition(".")[2]: orders / (last - began).total_seconds() for word, (_, last) in moments.items()}


async def _all(parts: System, word: str, start: int, wanted: int) -> tuple[datetime, datetime]:
    """When the first and the last of so many were recorded; raises RuntimeError when they do not come."""
    query = "select count(*), min(recorded_at), max(recorded_at) from events where position > %b and type = %b"
    count = 0
    for _ in range(int(PATIENCE / LOOK)):
        ((count, first, last),) = await parts.log.reads(query, start, word)
        if count == wanted:
            return first, last
        await asyncio.sleep(LOOK)
    raise RuntimeError(f"{count} of {wanted} are {word} after {PATIENCE:.0f} s")


def orders(place: Place) -> list[Row]:
    """The spread of sales from a thousand products to one."""
    told: dict[int, dict[str, float]] = {}
    number = max(300, int(ORDERS * place.quick))
    for many in PRODUCTS:
        settings = place.settings(payment_duration=0)
        for process in (relay, consumers, clock):
            place.keep(process.main, settings, port=free_port())
        place.say(f"ORDERS: {number:,} orders over {many:,} product{'s' * (many > 1)}")
        place.run(sell, settings, products=many, orders=200)  # Until read models are made and everything is warm.
        told[many] = place.run(sell, settings, products=many, orders=number)
        place.end()
    return [
        Row(
            id=f"ORDERS-{many}",
            what=f"orders placed and completed, {many:,} product{'s' * (many > 1)}, PAYMENT_DURATION=0",
            against="the same over 1,000 products" if many < PRODUCTS[0] else "orders placed and acknowledged",
            unit="orders/s",
            ours=told[many]["completed"],
            rival=told[PRODUCTS[0]]["completed"] if many < PRODUCTS[0] else told[many]["placed"],
            reach=LEAST if many < PRODUCTS[0] else 0,
            note=f"placed {told[many]['placed']:,.0f}/s, reserved {told[many]['reserved']:,.0f}/s",
        )
        for many in PRODUCTS
    ]
