"""The settings that notifications read; `infra.settings.Settings` has them."""

from typing import Protocol

from application.shared.ports import Ports


class Policy(Protocol):
    """Settings of mails and notifications."""

    @property
    def address(self) -> str:
        """Where people reach this system, without a slash at the end."""

    @property
    def notification_lifetime(self) -> int:
        """Seconds a notification is shown."""


def policy(ports: Ports) -> Policy:
    """The settings of this process."""
    settings: Policy = ports.settings
    return settings
