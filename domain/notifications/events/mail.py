"""What happened to mails."""

from datetime import datetime
from uuid import UUID

from domain.identity.events import Sealed
from domain.notifications.template import Template
from domain.shared.event import Event, recorded_as


@recorded_as("mail.queued")
class MailQueued(Event, frozen=True, gc=False):
    """A mail is to be sent; `attempt` counts from 1. Holds neither text nor link: both are made when it is sent.

    `to` is the address it goes to, sealed with the key of `user_id`: the account's own, a former one, or one that is to be proved.
    A mail with `request_id` carries the link of that request, and is of no use after `expires_at`. A mail about notifications names
    them, a digest the first of them; `more` others it only counts.
    """

    mail_id: UUID
    template: Template
    user_id: UUID
    to: Sealed
    attempt: int = 1
    request_id: UUID | None = None
    expires_at: datetime | None = None
    notification_ids: tuple[UUID, ...] = ()
    more: int = 0


@recorded_as("mail.scheduled")
class MailScheduled(Event, frozen=True, gc=False):
    """A mail about a notification waits until the quiet hours of its person are over, at `due_at`; then it is queued."""

    mail_id: UUID
    template: Template
    user_id: UUID
    due_at: datetime
    notification_ids: tuple[UUID, ...] = ()


@recorded_as("mail.sent")
class MailSent(Event, frozen=True, gc=False):
    """The mail server took it."""

    mail_id: UUID
    attempt: int
    notification_ids: tuple[UUID, ...] = ()


@recorded_as("mail.deferred")
class MailDeferred(Event, frozen=True, gc=False):
    """The mail server did not take it this time; it is tried again at `retry_at`. `error` names no person."""

    mail_id: UUID
    attempt: int
    retry_at: datetime
    error: str


@recorded_as("mail.failed")
class MailFailed(Event, frozen=True, gc=False):
    """It will never be sent: refused by the mail server, tried too often, too late, or the person was erased. `error` names no person."""

    mail_id: UUID
    attempt: int
    error: str
    notification_ids: tuple[UUID, ...] = ()
