"""Erasing a person: seconds later, nothing of what they were told is kept outside the log."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from application.shared.command import Command, handles
from application.shared.deadline import Deadline, deadline
from application.shared.ports import Ports
from application.shared.reaction import reacts
from domain.identity.events import UserErased
from domain.notifications.events import InboxClosed, NotificationsForgotten
from domain.notifications.notification import Inbox, inbox_id
from domain.shared.event import Recorded

LAST_NEWS: Final = timedelta(seconds=5)
"""For this long something that was under way may still be stored and folded."""


class CloseInbox(Command, frozen=True):
    """Tell an erased person nothing any more."""

    user_id: UUID


class ForgetNotifications(Command, frozen=True):
    """Take what an erased person was told out of what is shown."""

    user_id: UUID


@handles(CloseInbox)
async def close_inbox(command: CloseInbox, ports: Ports) -> None:
    """Told twice, nothing new happens."""
    inbox = await ports.log.load(Inbox, inbox_id(command.user_id))
    ports.log.stage(inbox, *inbox.close(command.user_id, ports.now))


@handles(ForgetNotifications)
async def forget_notifications(command: ForgetNotifications, ports: Ports) -> None:
    """As many as one event names; again until there are none. Raises `Unavailable` while it is not known which there are."""
    inbox = await ports.log.load(Inbox, inbox_id(command.user_id))
    ids = await ports.outside.remains.notifications_of(command.user_id, after=inbox.id)
    ports.log.stage(inbox, *inbox.forget(command.user_id, tuple(ids), ports.now))


@reacts("notifications.erasure", UserErased)
def erasure(recorded: Recorded[UserErased]) -> list[Command]:
    """The end of an inbox begins with the end of its person."""
    return [CloseInbox(user_id=recorded.event.user_id)]


@deadline("notifications.forget", InboxClosed, NotificationsForgotten)
def forget(_: UUID, __: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """Not before the last news is stored, and again until nothing is left."""
    match recorded.event:
        case InboxClosed(user_id=user_id, closed_at=at):
            return Deadline(at + LAST_NEWS, ForgetNotifications(user_id=user_id))
        case NotificationsForgotten(user_id=user_id, at=at, all=False):
            return Deadline(at + LAST_NEWS, ForgetNotifications(user_id=user_id))
    return None
