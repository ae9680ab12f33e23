"""Live: what a person is told."""

from typing import Final

from api.live.channel import Kind, channel
from api.live.tell import Happened, Told, small, tells
from domain.notifications import events as e

NOTIFICATIONS: Final = channel(Kind("notifications", "Notifications of mine: new ones, and those read or gone.", "notifications:read"))


@tells(e.NotificationCreated, e.NotificationRead, e.NotificationsRead, e.NotificationDeleted, e.NotificationExpired, private=True)
def notification(happened: Happened) -> Told | None:
    """To its person alone, where it is shown in the app; what is only mailed, preferences and digests are not told."""
    event = happened.recorded.event
    if isinstance(event, e.NotificationCreated) and not event.in_app:
        return None
    told = small(event, "user_id", "notification_id", "in_app", "mail")
    return Told(happened.recorded.stream_id, told, {NOTIFICATIONS.topic(event.user_id)})
