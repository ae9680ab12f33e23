"""What a refund may be: pieces at the price they were sold at, an amount of money, or all that is left of both."""

from collections.abc import Mapping
from typing import Self
from uuid import UUID

import msgspec

from domain.orders.errors import NothingToRefund
from domain.orders.state import OrderState
from domain.shared import fields as rules
from domain.shared.money import MOST


class Refund(msgspec.Struct, frozen=True):
    """So much money, in minor units, for so many pieces by product; either may be none."""

    amount: int
    products: dict[UUID, int]

    @classmethod
    def of(cls, order: OrderState, amount: int | None, products: Mapping[UUID, int] | None) -> Self:
        """An amount where one is named, else what the pieces cost; where neither is named, all that is left. Raises `Invalid`,
        `NothingToRefund`.
        """
        rules.refuse([] if amount is None else rules.number("/amount", amount, 1, MOST))
        if amount is None and products is None:
            refund = cls(order.refundable, dict(order.pieces_left))
        else:
            price = _price(order, products or {})
            refund = cls(price if amount is None else amount, dict(products or {}))
        if refund.amount > order.refundable or (refund.amount == 0 and order.total.amount and not products):
            raise NothingToRefund(f"{order.total.of(order.refundable)} of {order.total} are left.", refundable=order.refundable)
        return refund


def _price(order: OrderState, products: Mapping[UUID, int]) -> int:
    """What these pieces cost; raises `Invalid` where there are not so many left."""
    left, prices = order.pieces_left, {line.product_id: line.unit_price.amount for line in order.lines}
    errors: rules.Errors = []
    for nth, (product_id, quantity) in enumerate(products.items()):
        if not 1 <= quantity <= left[product_id]:
            errors += rules.error(f"/products/{nth}/quantity", "out_of_range", f"{left[product_id]} of this product are left to refund.")
    rules.refuse(errors)
    return sum(prices[product_id] * quantity for product_id, quantity in products.items())
