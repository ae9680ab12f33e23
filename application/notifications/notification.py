"""Reading and deleting notifications; their end."""

from typing import Any
from uuid import UUID

import msgspec

from application.shared.command import Command, handles
from application.shared.deadline import Deadline, deadline
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.notifications.events import NotificationCreated, NotificationDeleted, NotificationExpired
from domain.notifications.notification import Inbox, Notification, inbox_id
from domain.shared.event import Recorded
from domain.shared.refused import Forbidden, NotFound

MANAGE = "notifications:manage"


class ReadNotification(Command, frozen=True):
    """Note that one has read this."""

    notification_id: UUID


class ReadNotifications(Command, frozen=True):
    """Note that one has read all of these, which are the caller's own and unread."""

    notification_ids: tuple[UUID, ...]
    more: bool = False


class AllRead(msgspec.Struct, frozen=True):
    """How many notifications were read by that; `more`: there are others, ask again."""

    read: int
    more: bool = False


class DeleteNotification(Command, frozen=True):
    """Let one's own notification go."""

    notification_id: UUID


class ExpireNotification(Command, frozen=True):
    """The time of a notification may be over."""

    notification_id: UUID


@handles(ReadNotification)
async def read_notification(command: ReadNotification, ports: Ports) -> Notification:
    """Told twice, nothing new happens. Raises `NotFound` for those of others."""
    must(ports.caller, MANAGE)
    await _own(ports, command.notification_id)
    return await ports.log.change(Notification, command.notification_id, lambda one: one.read(ports.now))


@handles(ReadNotifications)
async def read_notifications(command: ReadNotifications, ports: Ports) -> AllRead:
    """Which these are was read a moment ago: what came since stays unread."""
    must(ports.caller, MANAGE)
    if ports.caller.id is None:
        raise Forbidden
    inbox = await ports.log.load(Inbox, inbox_id(ports.caller.id))
    ports.log.stage(inbox, *inbox.read(ports.caller.id, command.notification_ids, ports.now))
    return AllRead(len(command.notification_ids), command.more)


@handles(DeleteNotification)
async def delete_notification(command: DeleteNotification, ports: Ports) -> None:
    """Raises `NotFound` for those of others, and for what is gone."""
    must(ports.caller, MANAGE)
    await _own(ports, command.notification_id)
    await ports.log.change(Notification, command.notification_id, Notification.delete)


@handles(ExpireNotification)
async def expire_notification(command: ExpireNotification, ports: Ports) -> None:
    """Raises `NotExpired`."""
    await ports.log.change(Notification, command.notification_id, lambda one: one.expire(ports.now))


async def _own(ports: Ports, notification_id: UUID) -> None:
    if not (await ports.log.load(Notification, notification_id)).belongs_to(ports.caller.id):
        raise NotFound


@deadline("notifications.expire", NotificationCreated, NotificationDeleted, NotificationExpired)
def expire(notification_id: UUID, _: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """What is shown in the app is shown for so long."""
    match recorded.event:
        case NotificationCreated(expires_at=at, in_app=True):
            return Deadline(at, ExpireNotification(notification_id=notification_id))
    return None
