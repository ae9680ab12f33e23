"""Plays the plan of the shop: accounts, orders at their prices, and refunds.

Nothing is kept between two runs. An order is known by whose it is and what is on it, a refund by its reason, so a run goes on where the last
one ended; within a day the idempotency keys also cover what was done and not heard.
"""

import asyncio
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from infra.demo.client import Answer, side_by_side, together
from infra.demo.people import People
from infra.demo.shop.orders import ORDERS, UNDER_WAY, account_of, is_refunded, read_orders
from infra.demo.shop.shelves import PRODUCTS, Shelf, add_product
from infra.demo.shop.step import CURRENCY, Goods, Refund, Sale
from infra.demo.shop.turns import Turn, turns
from infra.demo.step import ADMIN
from infra.local.state import LocalProblem

THEMSELVES: Final = 10
"""Customers who order themselves; the others are served by the administrator, for to sign in takes a slow hash."""
OPENING: Final = 8
"""Accounts that are opened at once."""
FILLING: Final = 16
"""Products that are added at once."""
LOOK: Final = 0.2
"""Seconds between two looks at what is under way."""


class ShopPlayer:
    """Asks for what the plan says. `stop()` lets it end what it is at and no more."""

    def __init__(self, people: People, themselves: Container[str], patience: float) -> None:
        self._people = people
        self._themselves = themselves
        self.shelves: dict[str, Shelf] = {}
        """The products of the shop, by their stock codes."""
        self._patience = patience
        self.interrupted = False
        self.placed: dict[str, UUID] = {}
        """The orders of this run."""
        self.refused: dict[str, str] = {}
        """What the shop did not take, by the key of the sale or refund, and why."""
        self.price_changes = 0

    def stop(self) -> None:
        """End early; another run goes on from there."""
        self.interrupted = True

    async def fill(self, goods: Iterable[Goods], on_product: Callable[[], None]) -> dict[str, str]:
        """Add these products; what the shop refused, by its stock code, and why."""
        refused, waiting = dict[str, str](), iter(goods)

        async def work() -> None:
            for one in waiting:
                if self.interrupted:
                    return
                made = await add_product(self._people, one)
                if isinstance(made, str):
                    refused[one.code] = made
                else:
                    self.shelves[one.code] = made
                on_product()

        await side_by_side(FILLING, work)
        return refused

    async def open_accounts(self, names: Iterable[str], on_account: Callable[[], None]) -> None:
        """Of customers who have none."""
        waiting = iter(names)

        async def work() -> None:
            for name in waiting:
                if not self.interrupted:
                    await self._people.id(name)
                    on_account()

        await side_by_side(OPENING, work)

    async def place(self, sales: Sequence[Sale], on_order: Callable[[], None]) -> None:
        """Place these orders, each at the prices of its invoice."""
        its = turns(sales, {code: shelf.price.amount for code, shelf in self.shelves.items()})
        changes = {id(turn): turn for found in its.values() for turn in found if turn.changes}

        async def order(sale: Sale) -> None:
            for turn in its[sale.key]:
                await turn.begun.wait()
            if not self.interrupted:
                await self._order(sale, by_themselves=account_of(sale.customer) in self._themselves)
                on_order()
            for turn in its[sale.key]:
                turn.placed()

        await together([*(self._change(turn) for turn in changes.values()), *(order(sale) for sale in sales)])

    async def _change(self, turn: Turn) -> None:
        """Let another price hold, as soon as all orders at the one before are placed."""
        if turn.before is not None:
            await turn.before.over.wait()
        if not self.interrupted:
            body = {"price": {"amount": turn.price, "currency": CURRENCY}}
            answer = await self._people.ask(ADMIN, "PATCH", f"{PRODUCTS}/{self.shelves[turn.code].id}", body=body)
            if not answer.ok:
                raise LocalProblem(f"the price of {turn.code} could not be changed: {_why(answer)}")
            self.price_changes += 1
        turn.begun.set()

    async def _order(self, sale: Sale, *, by_themselves: bool) -> None:
        products = [{"product_id": str(self.shelves[item.code].id), "quantity": item.quantity} for item in sale.items]
        body: dict[str, Any] = {"products": products}
        name = account_of(sale.customer)
        if not by_themselves:
            body["customer_id"] = str(await self._people.id(name))
        answer = await self._people.ask(name if by_themselves else ADMIN, "POST", ORDERS, body=body, key=f"demo/shop/{sale.key}")
        if answer.ok:
            self.placed[sale.key] = UUID(answer.read(dict[str, Any])["id"])
        else:
            self.refused[sale.key] = f"the shop refused the order: {_why(answer)}"

    async def refund(self, refunds: Sequence[Refund], orders: Mapping[str, UUID], position: int, on_refund: Callable[[], None]) -> None:
        """Give back what the cancellations say, each once."""
        for refund in refunds:
            order_id = orders[refund.sale]
            if self.interrupted or await is_refunded(self._people, order_id, refund, position):
                continue
            products = [{"product_id": str(self.shelves[code].id), "quantity": number} for code, number in refund.quantities.items()]
            body: dict[str, Any] = {"products": products, "reason": refund.reason}
            if refund.amount != refund.worth:
                body["amount"] = {"amount": refund.amount, "currency": CURRENCY}
            answer = await self._people.ask(ADMIN, "POST", f"{ORDERS}/{order_id}/refund", body=body, key=f"demo/shop/{refund.key}")
            if not answer.ok:
                self.refused[refund.key] = f"the shop refused the refund: {_why(answer)}"
            on_refund()

    async def until_over(self, mine: set[UUID], position: int, on_over: Callable[[], None]) -> None:
        """Return when nothing of these orders is under way any more; raises `LocalProblem` when nothing happens to them for long."""
        left, waited = len(mine), 0.0
        while left and not self.interrupted:
            waiting = {order.id for order in await read_orders(self._people, position, *UNDER_WAY)} & mine
            waited = 0.0 if len(waiting) < left else waited + LOOK
            for _ in range(left - len(waiting)):
                on_over()
            left = len(waiting)
            if waited > self._patience:
                raise LocalProblem(f"{left} orders are under way, and nothing happens to them: see /api/v1/admin/orders?stuck=true")
            await asyncio.sleep(LOOK if left else 0)

    async def until_refunded(self, wanted: Mapping[UUID, int], position: int) -> None:
        """Return when of each of these orders so much went back, in minor units."""
        waited = 0.0
        while not self.interrupted:
            orders = await read_orders(self._people, position)
            short = [order.id for order in orders if order.refunded_amount.amount < wanted.get(order.id, 0)]
            if not short:
                return
            if waited > self._patience:
                raise LocalProblem(f"{len(short)} refunds are under way, and nothing happens to them")
            waited += LOOK
            await asyncio.sleep(LOOK)


def accounts(sales: Sequence[Sale]) -> list[str]:
    """The names of all customers, in the order in which they buy; whoever walked in comes last."""
    return [account_of(customer) for customer in sorted({sale.customer: None for sale in sales}, key=lambda customer: customer == "")]


def _why(answer: Answer) -> str:
    return f"{answer.problem.code}, {answer.problem.detail}"
