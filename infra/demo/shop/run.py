"""One run of the shop's invoices: see what is there, add products and accounts, place orders, give back, prove."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from infra.demo.client import Api, together
from infra.demo.inside import verify_all
from infra.demo.interrupted import interruptible
from infra.demo.people import People
from infra.demo.player import SIDE_BY_SIDE
from infra.demo.run import Bar, Target
from infra.demo.shop.invoices import InvoiceLine, by_invoice, read_invoices, total
from infra.demo.shop.left_out import leave_out, leave_out_refunds
from infra.demo.shop.orders import match, read_orders
from infra.demo.shop.plan import plan
from infra.demo.shop.player import THEMSELVES, ShopPlayer, accounts
from infra.demo.shop.proof import Account, Sums, compare_books, compare_orders, compare_stock, sums
from infra.demo.shop.result import Pace, ShopResult
from infra.demo.shop.shelves import read_shelves
from infra.demo.shop.step import Plan

AT = "@shop.example"


async def run_shop(target: Target, invoices: int | None, bar: Bar) -> ShopResult:
    """Play the first so many invoices (None: all) and compare. Raises `LocalProblem` when the system cannot be used."""
    lines = await asyncio.to_thread(read_invoices)
    async with Api(target.url, SIDE_BY_SIDE) as api:
        whole = plan(lines)
        themselves = frozenset(accounts(whole.sales)[:THEMSELVES])
        people = People(api, target.email, target.password, AT, silent=lambda name: name not in themselves)
        began = time.monotonic()
        await people.open()
        run = _Run(lines, whole, ShopPlayer(people, themselves, api.patience), people, api, bar)
        await run.begin(invoices)
        with interruptible(run.player.stop, api):
            await run.play()
        played = time.monotonic()
        differences, statuses, books, found = None, dict[str, int](), list[Account](), None
        if not run.player.interrupted:
            differences, statuses, books, found = await run.prove()
            differences += [] if target.settings is None else await verify_all(target.settings, bar)
        return ShopResult(
            lines=len(run.played),
            invoices=len(by_invoice(run.played)),
            products=len(run.plan.goods),
            customers=len(accounts(run.plan.sales)),
            statuses=statuses,
            refunds=len(run.plan.refunds),
            named=run.plan.named,
            sums=found,
            books=books,
            pace=run.pace,
            seconds=round(played - began, 3),
            requests=api.requests,
            repeated=api.repeated,
            differences=differences,
            verified=differences is not None and target.settings is not None,
            proof_seconds=round(time.monotonic() - played, 3),
            position=api.position,
        )


class _Run:
    """What a run comes to know on its way."""

    def __init__(self, lines: Sequence[InvoiceLine], whole: Plan, player: ShopPlayer, people: People, api: Api, bar: Bar) -> None:
        self._lines = lines
        self._people = people
        self._api = api
        self._bar = bar
        self._whole = self.plan = whole
        self.played = list(lines)
        self._there: dict[str, UUID] = {}
        self.player = player
        self.pace: Pace | None = None

    async def begin(self, invoices: int | None) -> None:
        """See what is there. Where an earlier run went further, this one goes as far."""
        position = self._api.position  # Signing in was the newest event, so what shows it misses nothing that an earlier run did.
        self.player.shelves |= await read_shelves(self._people, self._whole.goods.values(), position)
        ids = {code: shelf.id for code, shelf in self.player.shelves.items()}
        found = match(self._whole.sales, await read_orders(self._people, position), ids, self._people)
        self._there = {key: order.id for key, order in found.items()}
        refunded = {key for key, order in found.items() if order.refunded_amount.amount}
        begun = {sale.invoice for sale in self._whole.sales if sale.key in found}
        begun |= {refund.invoice for refund in self._whole.refunds if refund.sale in refunded}
        each = list(by_invoice(self._lines))
        furthest = max((nth for nth, invoice in enumerate(each, 1) if invoice in begun), default=0)
        count = None if invoices is None else max(invoices, furthest)
        self.plan, known = plan(self._lines, count), set(each[:count])
        self.played = [line for line in self._lines if line.invoice in known]

    async def play(self) -> None:
        """Everything but the proof; what the shop does not take leaves the plan by name."""
        names = [name for name in accounts(self.plan.sales) if self._people.known(name) is None]
        await together([self._fill(), self.player.open_accounts(names, self._bar("customers", len(names)))])
        if not self.player.interrupted:
            await self._sell()

    async def _sell(self) -> None:
        to_place = [sale for sale in self.plan.sales if sale.key not in self._there]
        on_order, began = self._bar("orders placed", len(to_place)), time.monotonic()
        await self.player.place(to_place, on_order)
        placing = time.monotonic() - began
        self._there |= self.player.placed
        await self.player.until_over(set(self._there.values()), self._api.position, self._bar("orders over", len(self._there)))
        if self.player.interrupted:
            return
        orders = {order.id: order for order in await read_orders(self._people, self._api.position)}
        now = [orders[order_id] for order_id in self.player.placed.values()]
        self.pace = Pace.of(now, price_changes=self.player.price_changes, placing_seconds=placing)
        lost = {key: orders[order_id] for key, order_id in self._there.items() if not orders[order_id].is_sold}
        why = {key: f"the order was {order.status}: {order.status_message}" for key, order in lost.items()}
        self.plan = leave_out(self.plan, sales=self.player.refused | why)
        await self._give_back()

    async def _fill(self) -> None:
        missing = [one for one in self.plan.goods.values() if one.code not in self.player.shelves]
        refused = await self.player.fill(missing, self._bar("products", len(missing)))
        self.plan = leave_out(self.plan, goods=refused)

    async def _give_back(self) -> None:
        refunds, wanted = self.plan.refunds, Counter[UUID]()
        await self.player.refund(refunds, self._there, self._api.position, self._bar("refunds", len(refunds)))
        self.plan = leave_out_refunds(self.plan, self.player.refused)
        for refund in self.plan.refunds:
            wanted[self._there[refund.sale]] += refund.amount
        await self.player.until_refunded(wanted, self._api.position)

    async def prove(self) -> tuple[list[str], dict[str, int], list[Account], Sums]:
        """What is shown otherwise than the file says, how the orders stand, the books, and the three sums."""
        position = self._api.position
        everybodys = await read_orders(self._people, position)
        by_id = {order.id: order for order in everybodys}
        ours = {key: by_id[order_id] for key, order_id in self._there.items() if order_id in by_id}
        differences = compare_orders(self.plan, ours, self._people)
        on_product = self._bar("proving, stock", len(self.plan.goods))
        differences += await compare_stock(self._people, self.plan, self.player.shelves, everybodys, position, on_product)
        wrong, books = await compare_books(self._people, everybodys, position)
        found = sums(self.plan, ours.values(), total(self.played))
        if not found.equal:
            differences.append(f"{found.accepted} accepted and {found.named} named are not the {found.total} of the file")
        return differences + wrong, dict(Counter(order.status for order in ours.values())), books, found
