"""The orders of the shop as the API shows them, and which of them are those of the file."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.shared.money import Money
from infra.demo.people import People
from infra.demo.shop.step import CURRENCY, WALK_IN, Refund, Sale
from infra.demo.step import ADMIN
from infra.local.state import LocalProblem

ORDERS: Final = "/api/v1/orders"
UNDER_WAY: Final = ("pending", "reserved", "confirmed")
"""Said here once more on purpose: an expectation taken from the code it checks would prove nothing."""
Look = tuple[str, frozenset[tuple[str, int, int]]]
"""Whose it is, and how many of what for how much: what tells two orders apart."""


class Sold(msgspec.Struct, frozen=True):
    """So many of a product."""

    product_id: UUID
    quantity: int
    unit_price: Money


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo looks at of an order."""

    id: UUID
    customer_id: UUID
    status: str
    payment_status: str
    status_message: str
    products: list[Sold]
    total_amount: Money
    refunded_amount: Money
    placed_at: datetime
    updated_at: datetime

    @property
    def is_sold(self) -> bool:
        """Whether its money was taken and its goods went."""
        return self.status in ("completed", "refunded")

    @property
    def worth(self) -> int:
        """What it left in the till, in minor units."""
        return self.total_amount.amount - self.refunded_amount.amount if self.is_sold else 0


class _Page(msgspec.Struct, frozen=True):
    items: list[Order]
    next_cursor: str | None


class _Entry(msgspec.Struct, frozen=True):
    type: str
    message: str


class _Timeline(msgspec.Struct, frozen=True):
    items: list[_Entry]


async def read_orders(people: People, position: int, *statuses: str) -> list[Order]:
    """Everybody's orders (of these statuses), at this position of the log or later."""
    found, query = list[Order](), {"limit": "200", "min_position": str(position)}
    query |= {"status": ",".join(statuses)} if statuses else {}
    while True:
        answer = await people.ask(ADMIN, "GET", "/api/v1/admin/orders", query=query)
        if not answer.ok:
            raise LocalProblem(f"the orders cannot be listed: {answer.problem.code}, {answer.problem.detail}")
        page: _Page = answer.read(_Page)
        found += page.items
        if page.next_cursor is None:
            return found
        query["cursor"] = page.next_cursor


async def is_refunded(people: People, order_id: UUID, refund: Refund, position: int) -> bool:
    """Whether this refund of an order was asked for before."""
    query = {"limit": "200", "min_position": str(position)}
    answer = await people.ask(ADMIN, "GET", f"{ORDERS}/{order_id}/events", query=query)
    if not answer.ok:
        raise LocalProblem(f"the order {order_id} cannot be read: {answer.problem.code}, {answer.problem.detail}")
    timeline: _Timeline = answer.read(_Timeline)
    return any(one.type == "order.refund_requested" and one.message.endswith(refund.reason) for one in timeline.items)


def account_of(customer: str) -> str:
    """The name of a customer's account."""
    return f"customer {customer}" if customer else WALK_IN


def match(sales: Iterable[Sale], orders: Iterable[Order], ids: Mapping[str, UUID], people: People) -> dict[str, Order]:
    """The orders that are there already, by the keys of their sales; `ids` of products by stock code. Those that look the same are equal."""
    known: dict[Look, list[Order]] = {}
    for order in sorted(orders, key=lambda order: order.id, reverse=True):
        known.setdefault(_look_of(order), []).append(order)
    found: dict[str, Order] = {}
    for sale in sales:
        alike = known.get(_look(sale, ids, people.known(account_of(sale.customer)) or ""))
        if alike:
            found[sale.key] = alike.pop()
    return found


def _look_of(order: Order) -> Look:
    lines = ((str(one.product_id), one.quantity, one.unit_price.amount) for one in order.products if one.unit_price.currency == CURRENCY)
    return str(order.customer_id), frozenset(lines)


def _look(sale: Sale, ids: Mapping[str, UUID], customer_id: str) -> Look:
    pieces: Counter[str] = Counter()
    for item in sale.items:
        pieces[item.code] += item.quantity
    return customer_id, frozenset((str(ids.get(code)), quantity, sale.prices[code]) for code, quantity in pieces.items())
