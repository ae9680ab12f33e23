"""What happened to notifications and to mails: the one place where other contexts listen."""

from domain.notifications.events.mail import MailDeferred, MailFailed, MailQueued, MailScheduled, MailSent
from domain.notifications.events.notification import (
    DigestClosed,
    DigestCollected,
    InboxClosed,
    NotificationCreated,
    NotificationDeleted,
    NotificationEvent,
    NotificationExpired,
    NotificationRead,
    NotificationsForgotten,
    NotificationsRead,
    PreferencesChanged,
)

__all__ = [
    "DigestClosed",
    "DigestCollected",
    "InboxClosed",
    "MailDeferred",
    "MailFailed",
    "MailQueued",
    "MailScheduled",
    "MailSent",
    "NotificationCreated",
    "NotificationDeleted",
    "NotificationEvent",
    "NotificationExpired",
    "NotificationRead",
    "NotificationsForgotten",
    "NotificationsRead",
    "PreferencesChanged",
]
