"""What happened to notifications, to what people prefer, and to digests. Every event says whose it is (`user_id`)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.notifications.choices import Choices
from domain.notifications.kind import Kind, Priority
from domain.shared.event import Event, recorded_as


class NotificationEvent(Event, frozen=True, kw_only=True, gc=False):
    """Something that happened to a notification of this person."""

    user_id: UUID


@recorded_as("notification.created")
class NotificationCreated(NotificationEvent, frozen=True, kw_only=True, gc=False):
    """A person is told something; the stream's id is the notification's.

    `title` is what the task or project was called at that moment, and for `system` and `security` what happened. `change` says what
    was done, `facts` more of it by name. `in_app`: it is shown in the app; `mail`: it is also told by mail.
    """

    notification_id: UUID
    kind: Kind
    priority: Priority
    title: str
    created_at: datetime
    expires_at: datetime
    change: str | None = None
    facts: dict[str, Any] = msgspec.field(default_factory=dict)
    actor_id: UUID | None = None
    task_id: UUID | None = None
    project_id: UUID | None = None
    comment_id: UUID | None = None
    in_app: bool = True
    mail: bool = False


@recorded_as("notification.read")
class NotificationRead(NotificationEvent, frozen=True, kw_only=True, gc=False):
    """Its person has read it."""

    notification_id: UUID
    read_at: datetime


@recorded_as("notification.deleted")
class NotificationDeleted(NotificationEvent, frozen=True, kw_only=True, gc=False):
    """Its person does not want to see it any more."""

    notification_id: UUID


@recorded_as("notification.expired")
class NotificationExpired(NotificationEvent, frozen=True, kw_only=True, gc=False):
    """It is too old to be shown."""

    notification_id: UUID


@recorded_as("notifications.read")
class NotificationsRead(NotificationEvent, frozen=True, kw_only=True, gc=False):
    """A person has read all of these at once. In the stream of the person's inbox."""

    notification_ids: tuple[UUID, ...]
    read_at: datetime


@recorded_as("notifications.closed")
class InboxClosed(NotificationEvent, frozen=True, kw_only=True, gc=False):
    """The person was erased: nothing is told any more, and what is kept of what was told goes next."""

    closed_at: datetime


@recorded_as("notifications.forgotten")
class NotificationsForgotten(NotificationEvent, frozen=True, kw_only=True, gc=False):
    """These notifications of an erased person are kept nowhere but in the log; `all`: there are no others."""

    notification_ids: tuple[UUID, ...]
    at: datetime
    all: bool = False


@recorded_as("notifications.preferred")
class PreferencesChanged(NotificationEvent, frozen=True, kw_only=True, gc=False):
    """A person wants to be told in this way from now on."""

    choices: Choices


@recorded_as("digest.collected")
class DigestCollected(NotificationEvent, frozen=True, kw_only=True, gc=False):
    """A notification waits for the person's next digest, which is due at `due_at`."""

    notification_id: UUID
    due_at: datetime


@recorded_as("digest.closed")
class DigestClosed(NotificationEvent, frozen=True, kw_only=True, gc=False):
    """What was collected went out as this mail; as none where there was nothing to tell, or nobody."""

    mail_id: UUID | None = None
