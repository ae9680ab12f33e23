"""How mail leaves: at a pace, by the usual server, and by a second one while that is away (requirement S4-C19)."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Protocol

from application.shared.outside import Letter, Mail, MailDelayed, MailRefused
from infra.outside.breaker import CLOSED, Breaker
from infra.outside.file_mail import FileMail
from infra.outside.log_mail import LogMail
from infra.outside.smtp_mail import Host, ServerAway, SmtpMail
from infra.settings import Settings

log: Final = logging.getLogger(__name__)


class Post(Mail, Protocol):
    """Mail that says how it goes."""

    @property
    def state(self) -> str:
        """`closed` while the usual server is asked, else what its breaker says; `log` or `file` without a server."""


class Roads:
    """The usual server behind a breaker. Without a second one, letters wait for it, and are not made to wait for its time-outs."""

    def __init__(self, first: Mail, second: Mail | None = None, breaker: Breaker | None = None) -> None:
        self._first = first
        self._second = second
        self._breaker = breaker or Breaker()

    @property
    def state(self) -> str:
        """Of the breaker."""
        return self._breaker.state

    async def send(self, letter: Letter) -> None:
        """By the second server only what the first one has surely not taken, so that nobody gets it twice; raises as `Mail` does."""
        if self._breaker.lets_through():
            try:
                await self._by_first(letter)
            except ServerAway as away:
                if away.had_it or self._second is None:
                    raise
            else:
                return
        if self._second is None:
            raise MailDelayed("the mail server is away")
        await self._second.send(letter)

    async def _by_first(self, letter: Letter) -> None:
        try:
            await self._first.send(letter)
        except ServerAway as away:
            self._breaker.failed()
            if self._breaker.state != CLOSED:
                log.warning("the mail server is away", extra={"error": str(away), "second": self._second is not None})
            raise
        except (MailDelayed, MailRefused):
            self._breaker.succeeded()  # It works, and has its reasons.
            raise
        except BaseException:
            self._breaker.failed()
            raise
        self._breaker.succeeded()


class Paced:
    """At most `rate` letters a second in the long run, and `burst` at once after a quiet time; who comes too early waits (token bucket).

    Kept by this process alone: the reaction that sends is led by one process at a time.
    """

    def __init__(
        self,
        mail: Post,
        rate: float,
        burst: int,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._mail = mail
        self._rate = rate
        self._burst = burst
        self._now = now
        self._sleep = sleep
        self._left, self._seen = float(burst), now()

    @property
    def state(self) -> str:
        """Of what is paced."""
        return self._mail.state

    async def send(self, letter: Letter) -> None:
        """In its turn."""
        now = self._now()
        self._left = min(self._burst, self._left + (now - self._seen) * self._rate) - 1
        self._seen = now
        if self._left < 0:
            await self._sleep(-self._left / self._rate)
        await self._mail.send(letter)


def mail_of(settings: Settings) -> Post:
    """How this system sends mail: by SMTP where a server is set, else into a folder where one is set, else it is only shown."""
    sender = settings.email_from
    if not settings.smtp_host:
        return FileMail(sender, Path(settings.email_folder)) if settings.email_folder else LogMail()
    first = Host(settings.smtp_host, settings.smtp_port, settings.smtp_user, settings.smtp_password, settings.smtp_security)
    second = Host(
        settings.smtp_fallback_host,
        settings.smtp_fallback_port,
        settings.smtp_fallback_user,
        settings.smtp_fallback_password,
        settings.smtp_fallback_security,
    )
    roads = Roads(SmtpMail(sender, first), SmtpMail(sender, second) if second.name else None)
    return Paced(roads, settings.email_rate, max(1, settings.email_burst)) if settings.email_rate > 0 else roads
