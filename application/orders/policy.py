"""The settings that orders read; `infra.settings.Settings` has them."""

from datetime import timedelta
from typing import Protocol

from application.shared.ports import Ports


class Policy(Protocol):
    """Settings of orders."""

    @property
    def order_patience(self) -> timedelta:
        """How long an order may take until it is over; later it is listed as stuck."""

    @property
    def order_single_pending(self) -> bool:
        """Whether somebody whose order is not over may not place another one."""


def policy(ports: Ports) -> Policy:
    """The settings of this process."""
    settings: Policy = ports.settings
    return settings
