"""What a run of the shop's invoices came to."""

from collections.abc import Iterable
from statistics import median
from typing import Self

import msgspec

from infra.demo.shop.orders import Order
from infra.demo.shop.proof import Account, Sums
from infra.demo.shop.step import Named


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast orders went that this run placed."""

    orders: int
    price_changes: int
    placing_seconds: float
    """From the first order to the last one placed, price changes between them included."""
    over_seconds: float
    """From the first one placed to the last one over."""
    usual_milliseconds: float
    """From placed to over, the median."""
    longest_milliseconds: float

    @classmethod
    def of(cls, orders: Iterable[Order], *, price_changes: int, placing_seconds: float) -> Self | None:
        """Of orders that are over; their own times tell how long they took."""
        known = list(orders)
        if not known:
            return None
        took = [1000 * (order.updated_at - order.placed_at).total_seconds() for order in known]
        over = max(order.updated_at for order in known) - min(order.placed_at for order in known)
        return cls(
            orders=len(known),
            price_changes=price_changes,
            placing_seconds=round(placing_seconds, 3),
            over_seconds=over.total_seconds(),
            usual_milliseconds=round(median(took), 1),
            longest_milliseconds=round(max(took), 1),
        )

    @property
    def placed_per_second(self) -> float:
        """How many were placed."""
        return self.orders / self.placing_seconds if self.placing_seconds else 0.0

    @property
    def over_per_second(self) -> float:
        """How many went from placed to over."""
        return self.orders / self.over_seconds if self.over_seconds else 0.0


class ShopResult(msgspec.Struct, frozen=True, kw_only=True):
    """A run and its proof. `differences` is None when it was interrupted, so that nothing was compared."""

    lines: int
    invoices: int
    products: int
    customers: int
    statuses: dict[str, int]
    """How many of the orders stand how."""
    refunds: int
    named: list[Named]
    sums: Sums | None
    books: list[Account]
    pace: Pace | None
    """None where this run placed no orders."""
    seconds: float
    requests: int
    repeated: int
    differences: list[str] | None
    verified: bool = False
    """Whether the read models were also verified from inside."""
    proof_seconds: float = 0.0
    position: int = 0
    """Of the log, at which was compared."""

    @property
    def agrees(self) -> bool:
        """Everything is as the file says, to the penny and to the piece."""
        return self.differences == [] and self.sums is not None and self.sums.equal

    @property
    def interrupted(self) -> bool:
        """Somebody ended it early."""
        return self.differences is None
