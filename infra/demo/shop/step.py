"""What the demo asks of the shop: goods, sales, refunds; and what it does not ask."""

from decimal import Decimal
from typing import Final

import msgspec

CURRENCY: Final = "GBP"
WALK_IN: Final = "walk-in customer"
"""Whose orders those are that name no customer."""


class Goods(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it is added: its price in pence, and how many pieces there are at first."""

    code: str
    name: str
    price: int
    stock: int

    @property
    def description(self) -> str:
        """How it is found again."""
        return f"Stock code {self.code}"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is sold; the price in pence."""

    line: int
    code: str
    quantity: int
    price: int

    @property
    def amount(self) -> int:
        """In pence."""
        return self.quantity * self.price


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """One order. Each product has one price in it."""

    key: str
    invoice: str
    customer: str
    items: tuple[Item, ...]

    @property
    def amount(self) -> int:
        """In pence."""
        return sum(item.amount for item in self.items)

    @property
    def prices(self) -> dict[str, int]:
        """Of each product, in pence."""
        return {item.code: item.price for item in self.items}


class Back(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces that came back by a line of a cancellation, for so many pence each, and what each was sold for."""

    line: int
    code: str
    quantity: int
    price: int
    sold_at: int

    @property
    def amount(self) -> int:
        """In pence."""
        return self.quantity * self.price


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """What one cancellation takes back from one order; `sale` is the key of the order."""

    invoice: str
    sale: str
    backs: tuple[Back, ...]

    @property
    def key(self) -> str:
        """There is one of this key."""
        return f"{self.invoice}/{self.sale}"

    @property
    def reason(self) -> str:
        """How it is found again in the timeline of its order."""
        return f"Cancellation {self.invoice}"

    @property
    def amount(self) -> int:
        """In pence."""
        return sum(back.amount for back in self.backs)

    @property
    def worth(self) -> int:
        """What the pieces were sold for, in pence: what the shop gives back when nobody says how much."""
        return sum(back.quantity * back.sold_at for back in self.backs)

    @property
    def quantities(self) -> dict[str, int]:
        """Pieces of each product."""
        found: dict[str, int] = {}
        for back in self.backs:
            found[back.code] = found.get(back.code, 0) + back.quantity
        return found


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A line, or a part of one, that is not in the shop, why, and what it is worth in pounds."""

    line: int
    invoice: str
    code: str
    reason: str
    amount: Decimal


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All of it: what is sold, the orders and the refunds in the order of the file, and what is not taken."""

    goods: dict[str, Goods]
    sales: list[Sale]
    refunds: list[Refund]
    named: list[Named]


def pounds(pence: int) -> Decimal:
    """Exactly."""
    return Decimal(pence) / 100
