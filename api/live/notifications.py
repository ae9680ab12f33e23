"""Live: what a person is told."""

from typing import Final
from uuid import UUID

from api.live.channel import Kind, channel
from api.live.message import Frame, stands
from api.live.tell import Happened, Told, small, tells
from api.shared.parts import Parts
from domain.notifications import events as e
from projections.notifications.notifications import TOTAL, unread_counts
from projections.shared.reading import Freshness


async def unread(known: Parts, user_id: UUID, position: int) -> Frame:
    """How many notifications somebody has not read."""
    counts, at_position, _ = await unread_counts(known.tables, user_id, Freshness(min_position=position))
    by_kind = {kind: count for kind, count in counts.items() if kind != TOTAL}
    return stands("notifications.unread", at_position, total=counts.get(TOTAL, 0), by_kind=by_kind)


NOTIFICATIONS: Final = channel(
    Kind("notifications", "Notifications of mine: new ones, those read or gone, and how many are unread.", "notifications:read", present=unread)
)


@tells(e.NotificationCreated, e.NotificationRead, e.NotificationsRead, e.NotificationDeleted, e.NotificationExpired, private=True)
def notification(happened: Happened) -> Told | None:
    """To its person alone, where it is shown in the app; what is only mailed, preferences and digests are not told."""
    event = happened.recorded.event
    if isinstance(event, e.NotificationCreated) and not event.in_app:
        return None
    told = small(event, "user_id", "notification_id", "in_app", "mail")
    return Told(happened.recorded.stream_id, told, {NOTIFICATIONS.topic(event.user_id)})
