"""The settings that payments read; `infra.settings.Settings` has them."""

from datetime import timedelta
from typing import Protocol

from application.shared.ports import Ports
from domain.payments.backoff import Backoff


class Policy(Protocol):
    """Settings of payments."""

    @property
    def payment_backoff(self) -> Backoff:
        """When calls that failed are made again."""

    @property
    def payment_patience(self) -> timedelta:
        """After how long a call whose maker was not heard of is lost; longer than any call takes."""


def policy(ports: Ports) -> Policy:
    """The settings of this process."""
    settings: Policy = ports.settings
    return settings


def chance(ports: Ports) -> float:
    """From 0 to 1, another one each time."""
    return (ports.new_id().int & 0xFFFF) / 0xFFFF
