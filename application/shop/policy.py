"""The settings that the shop reads; `infra.settings.Settings` has them."""

from typing import Protocol

from application.shared.ports import Ports


class Policy(Protocol):
    """Settings of products and reservations."""

    @property
    def shop_currency(self) -> str:
        """The currency of prices that name none."""

    @property
    def low_stock_level(self) -> int:
        """From how many free pieces down a new product is low; 0: never."""

    @property
    def reservation_lifetime(self) -> int:
        """Seconds after which what is held for an order is free, unless its money is authorised by then."""


def policy(ports: Ports) -> Policy:
    """The settings of this process."""
    settings: Policy = ports.settings
    return settings
