"""A mail: queued, tried until the mail server takes it, and then over."""

from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

import msgspec

from domain.identity.events import Sealed
from domain.notifications.errors import MailNotDue
from domain.notifications.events import MailDeferred, MailFailed, MailQueued, MailSent
from domain.notifications.template import Template
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 360))
"""Before the second try, the third, …; after the last of them it is given up."""


class Mail(Aggregate, frozen=True):
    """One mail. `queued` is what is to be sent, while it waits to be tried; `retry_at` is set while it rests."""

    queued: MailQueued | None = None
    attempt: int = 0
    retry_at: datetime | None = None

    @staticmethod
    def queue(
        mail_id: UUID, template: Template, user_id: UUID, to: Sealed, request_id: UUID | None = None, expires_at: datetime | None = None
    ) -> list[Event]:
        """The first fact of a mail."""
        return [MailQueued(mail_id=mail_id, template=template, user_id=user_id, to=to, request_id=request_id, expires_at=expires_at)]

    def is_to_be_sent(self, attempt: int) -> bool:
        """Whether this attempt has not been made."""
        return self.queued is not None and self.retry_at is None and attempt == self.attempt

    def sent(self) -> list[Event]:
        """The mail server took it."""
        return [MailSent(mail_id=self.id, attempt=self.attempt)]

    def defer(self, error: str, now: datetime) -> list[Event]:
        """Try again after a pause, longer each time; after the last try it failed."""
        if self.attempt > len(PAUSES):
            return self.fail(error)
        return [MailDeferred(mail_id=self.id, attempt=self.attempt, retry_at=now + PAUSES[self.attempt - 1], error=error)]

    def fail(self, error: str) -> list[Event]:
        """Give it up."""
        return [MailFailed(mail_id=self.id, attempt=self.attempt, error=error)]

    def try_again(self, attempt: int, now: datetime) -> list[Event]:
        """The pause after this attempt is over; raises `MailNotDue`. Of another attempt than the last one nothing comes."""
        if self.queued is None or self.retry_at is None or attempt != self.attempt:
            return []
        if now < self.retry_at:
            raise MailNotDue
        again = msgspec.structs.asdict(self.queued) | {"attempt": attempt + 1}
        return [MailQueued(**again)]

    def evolve(self, event: Event) -> Self:
        """The mail after one more fact."""
        match event:
            case MailQueued(attempt=attempt):
                return self.but(queued=event, attempt=attempt, retry_at=None)
            case MailDeferred(retry_at=at):
                return self.but(retry_at=at)
            case MailSent() | MailFailed():
                return self.but(queued=None, retry_at=None)
        return self
