"""How an order stands, for those who do not have to know what is in it."""

from typing import Self

from domain.orders.state import OrderState
from domain.shared.event import Event


class OrderSummary(OrderState, frozen=True):
    """An order without its lines: many thousands of these are kept at once by those who tell what happens to them."""

    def evolve(self, event: Event) -> Self:
        """As the order evolves."""
        after = super().evolve(event)
        return after.but(lines=()) if after.lines else after
