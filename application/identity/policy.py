"""The settings that identity reads; `infra.settings.Settings` has them."""

from datetime import timedelta
from typing import Protocol

from application.shared.ports import Ports


class Policy(Protocol):
    """Settings of accounts and sessions."""

    @property
    def registration_enabled(self) -> bool:
        """Whether anybody may open an account."""

    @property
    def refresh_lifetime(self) -> int:
        """Seconds after which a session ends, however often it was refreshed."""

    @property
    def refresh_grace_seconds(self) -> int:
        """Seconds in which a spent refresh token is answered with its successor again."""


def policy(ports: Ports) -> Policy:
    """The settings of this process."""
    settings: Policy = ports.settings
    return settings


def session_lifetime(ports: Ports) -> timedelta:
    """How long a session may last."""
    return timedelta(seconds=policy(ports).refresh_lifetime)


def refresh_grace(ports: Ports) -> timedelta:
    """How long a lost answer to a refresh is given again."""
    return timedelta(seconds=policy(ports).refresh_grace_seconds)
