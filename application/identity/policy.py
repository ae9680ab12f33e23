"""The settings that identity reads; `infra.settings.Settings` has them."""

from datetime import timedelta
from typing import Protocol

from application.shared.ports import Ports
from domain.identity.person import folded


class Policy(Protocol):
    """Settings of accounts and sessions."""

    @property
    def registration_enabled(self) -> bool:
        """Whether anybody may open an account."""

    @property
    def registration_privacy(self) -> bool:
        """Whether registering tells nobody if the e-mail was known."""

    @property
    def email_blocked_domains(self) -> str:
        """Domains whose e-mails cannot be registered, commas between them."""

    @property
    def access_lifetime(self) -> int:
        """Seconds an access token is valid."""

    @property
    def refresh_lifetime(self) -> int:
        """Seconds after which a session ends, however often it was refreshed."""

    @property
    def session_idle(self) -> int:
        """Seconds after which a session that was not refreshed ends; 0: never."""

    @property
    def session_max_per_user(self) -> int:
        """How many sessions one may have; the oldest gives way. 0: any number."""

    @property
    def refresh_grace_seconds(self) -> int:
        """Seconds in which a spent refresh token is answered with its successor again."""


def policy(ports: Ports) -> Policy:
    """The settings of this process."""
    settings: Policy = ports.settings
    return settings


def blocked_domains(ports: Ports) -> list[str]:
    """Domains whose e-mails cannot be registered, folded."""
    return [folded(one).removeprefix("@") for one in policy(ports).email_blocked_domains.split(",") if one.strip()]


def session_lifetime(ports: Ports) -> timedelta:
    """How long a session may last."""
    return timedelta(seconds=policy(ports).refresh_lifetime)


def session_idle(ports: Ports) -> timedelta | None:
    """After how long without a refresh a session ends; None: never."""
    seconds = policy(ports).session_idle
    return timedelta(seconds=seconds) if seconds else None


def refresh_grace(ports: Ports) -> timedelta:
    """How long a lost answer to a refresh is given again."""
    return timedelta(seconds=policy(ports).refresh_grace_seconds)
