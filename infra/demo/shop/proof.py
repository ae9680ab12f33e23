"""Whether the shop says what the file says: every penny, every piece, and books that balance."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from uuid import UUID

import msgspec

from infra.demo.client import side_by_side
from infra.demo.people import People
from infra.demo.shop.orders import Order, account_of
from infra.demo.shop.shelves import PRODUCTS, Shelf
from infra.demo.shop.step import CURRENCY, Plan, pounds
from infra.demo.step import ADMIN
from infra.local.state import LocalProblem

SIDE_BY_SIDE = 16
CLEARING = ("authorised_funds", "authorisations", "customer_deposits")
"""Accounts that are zero when nothing is under way. Said here once more on purpose."""


class Stock(msgspec.Struct, frozen=True):
    """The stock of a product as the shop shows it."""

    on_hand: int
    reserved: int


class Account(msgspec.Struct, frozen=True):
    """An account of the books, in pence."""

    account: str
    debit: int
    credit: int


class _Books(msgspec.Struct, frozen=True):
    currency: str
    accounts: list[Account]


class _Balance(msgspec.Struct, frozen=True):
    balanced: bool
    currencies: list[_Books]


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """In pounds: what the shop took less what it gave back, what is named, and what the file comes to."""

    accepted: Decimal
    named: Decimal
    total: Decimal

    @property
    def equal(self) -> bool:
        """To the penny."""
        return self.accepted + self.named == self.total


def sums(plan: Plan, orders: Iterable[Order], total: Decimal) -> Sums:
    """`accepted` is what the orders themselves say, not what the plan does."""
    accepted = pounds(sum(order.worth for order in orders))
    return Sums(accepted=accepted, named=sum((one.amount for one in plan.named), Decimal(0)), total=total)


def compare_orders(plan: Plan, orders: Mapping[str, Order], people: People) -> list[str]:
    """Every sale has its order, of this customer and this total, and so much of it went back as came back."""
    found, back = list[str](), Counter[str]()
    for refund in plan.refunds:
        back[refund.sale] += refund.amount
    for sale in plan.sales:
        order = orders.get(sale.key)
        if order is None:
            found.append(f"invoice {sale.key}: no order")
            continue
        must = (people.known(account_of(sale.customer)), sale.amount, CURRENCY, back[sale.key], "captured")
        shown = (str(order.customer_id), order.total_amount.amount, order.total_amount.currency, order.refunded_amount.amount, order.payment_status)
        if back[sale.key] == sale.amount:
            must = (*must[:4], "refunded")
        if shown != must:
            found.append(f"invoice {sale.key}: the order {order.id} shows {shown}, the file says {must}")
    return found


async def compare_stock(
    people: People, plan: Plan, shelves: Mapping[str, Shelf], orders: Iterable[Order], position: int, on_product: Callable[[], None]
) -> list[str]:
    """Of every product: opening stock, less what the orders of the shop sold, with what came back, is on hand; and nothing is held."""
    sold, returned = Counter[UUID](), Counter[str]()
    for order in orders:
        for line in order.products if order.is_sold else []:
            sold[line.product_id] += line.quantity
    for refund in plan.refunds:
        returned.update(refund.quantities)
    found, waiting = list[str](), iter([(one, shelves[one.code].id) for one in plan.goods.values()])

    async def work() -> None:
        for goods, product_id in waiting:
            answer = await people.ask(ADMIN, "GET", f"{PRODUCTS}/{product_id}/stock", query={"min_position": str(position)})
            must = Stock(goods.stock + returned[goods.code] - sold[product_id], 0)
            shown: Stock | str = answer.read(Stock) if answer.ok else answer.problem.code
            if shown != must:
                found.append(f"{goods.code}, {goods.name}: the shop shows {shown}, the file says {must}")
            on_product()

    await side_by_side(SIDE_BY_SIDE, work)
    return sorted(found)


async def compare_books(people: People, orders: Iterable[Order], position: int) -> tuple[list[str], list[Account]]:
    """The books balance, nothing is left on what is only passed through, and sales less returns are what the orders say; and the books."""
    answer = await people.ask(ADMIN, "GET", "/api/v1/ledger/trial-balance", query={"min_position": str(position)})
    if not answer.ok:
        raise LocalProblem(f"the books cannot be read: {answer.problem.code}, {answer.problem.detail}")
    told: _Balance = answer.read(_Balance)
    books = [account for one in told.currencies if one.currency == CURRENCY for account in one.accounts]
    net = {one.account: one.debit - one.credit for one in books}
    earned = sum(order.worth for order in orders if order.total_amount.currency == CURRENCY)
    must = dict.fromkeys(CLEARING, 0) | {"provider": earned, "sales less sales_returns": -earned, "all": 0}
    shown = {name: net.get(name, 0) for name in (*CLEARING, "provider")}
    shown |= {"sales less sales_returns": net.get("sales", 0) + net.get("sales_returns", 0), "all": sum(net.values())}
    wrong = [f"the books: {name} is {shown[name]}, the orders say {worth}" for name, worth in must.items() if shown[name] != worth]
    return wrong + ([] if told.balanced else ["the books: the shop says that they do not balance"]), books
