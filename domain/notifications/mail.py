"""A mail: queued, tried until the mail server takes it, and then over."""

from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

import msgspec

from domain.identity.events import Sealed
from domain.notifications.errors import MailNotDue
from domain.notifications.events import MailDeferred, MailFailed, MailQueued, MailScheduled, MailSent
from domain.notifications.template import Template
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 360))
"""Before the second try, the third, …; after the last of them it is given up."""


class Mail(Aggregate, frozen=True):
    """One mail. `queued` is what is to be sent, while it waits to be tried; `retry_at` is set while it rests.

    `scheduled` is one that waits for the end of quiet hours.
    """

    queued: MailQueued | None = None
    scheduled: MailScheduled | None = None
    attempt: int = 0
    retry_at: datetime | None = None

    @staticmethod
    def queue(
        mail_id: UUID,
        template: Template,
        user_id: UUID,
        to: Sealed,
        request_id: UUID | None = None,
        expires_at: datetime | None = None,
        about: tuple[UUID, ...] = (),
    ) -> list[Event]:
        """The first fact of a mail; `about` names the notification that says the same in the app."""
        return [
            MailQueued(
                mail_id=mail_id,
                template=template,
                user_id=user_id,
                to=to,
                request_id=request_id,
                expires_at=expires_at,
                notification_ids=about,
            )
        ]

    @staticmethod
    def tell(mail_id: UUID, user_id: UUID, to: Sealed, notification_ids: tuple[UUID, ...], more: int = 0, *, digest: bool = False) -> list[Event]:
        """The first fact of a mail about a notification, or of a digest of several."""
        template = Template.DIGEST if digest else Template.NOTIFICATION
        return [MailQueued(mail_id=mail_id, template=template, user_id=user_id, to=to, notification_ids=notification_ids, more=more)]

    @staticmethod
    def tell_later(mail_id: UUID, user_id: UUID, notification_id: UUID, due_at: datetime) -> list[Event]:
        """The same, for when quiet hours are over."""
        ids = (notification_id,)
        return [MailScheduled(mail_id=mail_id, template=Template.NOTIFICATION, user_id=user_id, due_at=due_at, notification_ids=ids)]

    def release(self, to: Sealed | None, now: datetime) -> list[Event]:
        """Quiet hours are over; raises `MailNotDue`. Without an address it fails."""
        if self.scheduled is None:
            return []
        if now < self.scheduled.due_at:
            raise MailNotDue
        if to is None:
            return [MailFailed(mail_id=self.id, attempt=1, error="there is no address", notification_ids=self.scheduled.notification_ids)]
        return self.tell(self.id, self.scheduled.user_id, to, self.scheduled.notification_ids)

    def is_to_be_sent(self, attempt: int) -> bool:
        """Whether this attempt has not been made."""
        return self.queued is not None and self.retry_at is None and attempt == self.attempt

    def sent(self) -> list[Event]:
        """The mail server took it."""
        return [MailSent(mail_id=self.id, attempt=self.attempt, notification_ids=self._about)]

    def defer(self, error: str, now: datetime) -> list[Event]:
        """Try again after a pause, longer each time; after the last try it failed."""
        if self.attempt > len(PAUSES):
            return self.fail(error)
        return [MailDeferred(mail_id=self.id, attempt=self.attempt, retry_at=now + PAUSES[self.attempt - 1], error=error)]

    def rest(self, until: datetime) -> list[Event]:
        """Try again when quiet hours are over."""
        return [MailDeferred(mail_id=self.id, attempt=self.attempt, retry_at=until, error="quiet hours")]

    def fail(self, error: str) -> list[Event]:
        """Give it up."""
        return [MailFailed(mail_id=self.id, attempt=self.attempt, error=error, notification_ids=self._about)]

    @property
    def _about(self) -> tuple[UUID, ...]:
        return self.queued.notification_ids if self.queued is not None else ()

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
            case MailScheduled():
                return self.but(scheduled=event)
            case MailQueued(attempt=attempt):
                return self.but(queued=event, attempt=attempt, retry_at=None, scheduled=None)
            case MailDeferred(retry_at=at):
                return self.but(retry_at=at)
            case MailSent() | MailFailed():
                return self.but(queued=None, retry_at=None, scheduled=None)
        return self
