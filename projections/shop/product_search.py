"""Lists of products: by name, by price or newest first, each by an index in its order; and of what else is asked, 10,000 rows at most.

A place in a list is the value a product is sorted by and its id. So nobody else comes twice, or not at all, when a product changes.
"""

from collections.abc import Iterator
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec

from domain.shop.product import same_name
from projections.shared import scan
from projections.shared.patterns import patterns
from projections.shared.reading import Freshness, Tables
from projections.shared.scan import MOST, Condition, Part, Scan
from projections.shop.products import PRODUCTS, ProductRow

TABLE: Final[LiteralString] = PRODUCTS.table
Place = tuple[str | int, UUID]


class Order(msgspec.Struct, frozen=True):
    """Products in the order of a column (of ids where there is none), then of ids."""

    column: LiteralString | None
    descending: bool

    def place_of(self, row: ProductRow) -> Place:
        """Where a row stands."""
        return (0 if self.column is None else getattr(row, self.column)), row.id


ORDERS: Final = {
    "newest": Order(None, descending=True),
    "name": Order("sort_name", descending=False),
    "-name": Order("sort_name", descending=True),
    "price": Order("amount", descending=False),
    "-price": Order("amount", descending=True),
}


class Sought(msgspec.Struct, frozen=True):
    """What products must be like; None: in whatever way. Prices in minor units, of whatever currency unless one is named."""

    text: str | None = None
    """Every word of it stands in the name or the description, in whatever case."""
    min_price: int | None = None
    max_price: int | None = None
    in_stock: bool | None = None
    currency: str | None = None


class _Condition(msgspec.Struct, frozen=True):
    text: LiteralString
    arguments: tuple[Any, ...]
    by_index: bool
    """The index of the order leads to these rows, so that no other is looked at."""


async def part(tables: Tables, sought: Sought, order: Order, fresh: Freshness, *, limit: int, after: Place | None = None) -> Part[ProductRow, Place]:
    """The next products of a list. It may be short of `limit`, or empty, and still be followed by more."""
    return await scan.part(tables, PRODUCTS, _scan(sought, order, limit, after), fresh, limit=limit, place_of=order.place_of)


def _conditions(sought: Sought, order: Order) -> Iterator[_Condition]:
    by_price = order.column == "amount"
    in_currency = by_price and sought.currency is not None
    if sought.currency is not None:
        yield _Condition("currency = %b", (sought.currency,), in_currency)
    if sought.min_price is not None:
        yield _Condition("amount >= %b", (sought.min_price,), by_price)
    if sought.max_price is not None:
        yield _Condition("amount <= %b", (sought.max_price,), by_price)
    if sought.in_stock is not None:
        yield _Condition("in_stock" if sought.in_stock else "not in_stock", (), sought.in_stock and not in_currency)
    words = patterns(same_name(sought.text or ""))
    if words:
        yield _Condition("sought like all(%b::text[])", (words,), by_index=False)


def _scan(sought: Sought, order: Order, limit: int, after: Place | None) -> Scan:
    conditions = tuple(_conditions(sought, order))
    left = [(one.text, one.arguments) for one in conditions if not one.by_index]
    asked = [("not removed", ()), *((one.text, one.arguments) for one in conditions if one.by_index), *_beyond(order, after)]
    where: LiteralString = " and ".join(text for text, _ in asked)
    rows: LiteralString = f"select * from {TABLE} where {where} {_by(order)} limit %b"  # noqa: S608 — the model's own names; values are bound.
    most = MOST if left else limit + 1
    return Scan(rows, (*(value for _, values in asked for value in values), most), _by(order), left, most)


def _beyond(order: Order, after: Place | None) -> list[Condition]:
    sign: LiteralString = "<" if order.descending else ">"
    if after is None:
        return []
    return [(f"id {sign} %b", (after[1],))] if order.column is None else [(f"({order.column}, id) {sign} (%b, %b)", after)]


def _by(order: Order) -> LiteralString:
    direction: LiteralString = "desc" if order.descending else "asc"
    return f"order by {order.column} {direction}, id {direction}" if order.column else f"order by id {direction}"
