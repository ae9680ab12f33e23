"""When which price holds. The shop sells a product at one price at a time, and the file has nearly half of them at several.

The orders of a product fall into turns, in the order of the file: as long as its price is the same, they may be placed in any order, and
at once. Then the price changes. So orders wait only for others of the same products at other prices.
"""

import asyncio
from collections.abc import Iterable, Mapping

from infra.demo.shop.step import Sale


class Turn:
    """One price of one product for so many orders; `first` is one whose price the shop has already."""

    def __init__(self, code: str, price: int, before: "Turn | None", *, first: bool) -> None:
        self.code = code
        self.price = price
        self.before = before
        self.orders = 0
        self.changes = not first
        self.begun = asyncio.Event()
        """The price holds."""
        self.over = asyncio.Event()
        """All its orders are placed."""
        if first:
            self.begun.set()

    def placed(self) -> None:
        """One of its orders has its price for good."""
        self.orders -= 1
        if self.orders == 0:
            self.over.set()


def turns(sales: Iterable[Sale], present: Mapping[str, int]) -> dict[str, list[Turn]]:
    """The turns that each order belongs to, by its key; `present` are the prices that the shop has now."""
    newest: dict[str, Turn] = {}
    found: dict[str, list[Turn]] = {}
    for sale in sales:
        for code, price in sale.prices.items():
            last = newest.get(code)
            if last is None or last.price != price:
                newest[code] = Turn(code, price, last, first=last is None and present.get(code) == price)
            newest[code].orders += 1
            found.setdefault(sale.key, []).append(newest[code])
    return found
