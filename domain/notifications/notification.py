"""A notification: told once, read, and gone one day. And what a person's inbox remembers of them all."""

from datetime import datetime
from typing import Self
from uuid import UUID, uuid5

from domain.notifications.errors import NotExpired
from domain.notifications.events import (
    InboxClosed,
    NotificationCreated,
    NotificationDeleted,
    NotificationExpired,
    NotificationRead,
    NotificationsForgotten,
    NotificationsRead,
)
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

AT_ONCE = 1000
"""Notifications that one event names at most."""


class Notification(Aggregate, frozen=True):
    """One thing a person was told. `told` is None once it is gone."""

    told: NotificationCreated | None = None
    read_at: datetime | None = None

    def belongs_to(self, user_id: UUID | None) -> bool:
        """Whether this person may see it."""
        return self.told is not None and self.told.in_app and self.told.user_id == user_id

    def read(self, now: datetime) -> list[Event]:
        """Its person has read it; told twice, nothing new happens."""
        if self.told is None or self.read_at is not None:
            return []
        return [NotificationRead(user_id=self.told.user_id, notification_id=self.id, read_at=now)]

    def delete(self) -> list[Event]:
        """Its person does not want to see it any more."""
        return [] if self.told is None else [NotificationDeleted(user_id=self.told.user_id, notification_id=self.id)]

    def expire(self, now: datetime) -> list[Event]:
        """Its time is over; raises `NotExpired`."""
        if self.told is None:
            return []
        if now < self.told.expires_at:
            raise NotExpired
        return [NotificationExpired(user_id=self.told.user_id, notification_id=self.id)]

    def evolve(self, event: Event) -> Self:
        """The notification after one more fact."""
        match event:
            case NotificationCreated():
                return self.but(told=event)
            case NotificationRead(read_at=at):
                return self.but(read_at=at)
            case NotificationDeleted() | NotificationExpired():
                return self.but(told=None)
        return self


def inbox_id(user_id: UUID) -> UUID:
    """The stream of what happens to a person's notifications together."""
    return uuid5(user_id, "inbox")


class Inbox(Aggregate, frozen=True):
    """A person's notifications together. `closed`: the person was erased; `empty`: nothing is kept of them any more."""

    closed: bool = False
    empty: bool = False

    def read(self, user_id: UUID, notification_ids: tuple[UUID, ...], now: datetime) -> list[Event]:
        """All of these were read, in as few events as hold them."""
        parts = [notification_ids[at : at + AT_ONCE] for at in range(0, len(notification_ids), AT_ONCE)]
        return [NotificationsRead(user_id=user_id, notification_ids=part, read_at=now) for part in parts]

    def close(self, user_id: UUID, now: datetime) -> list[Event]:
        """The person was erased; told twice, nothing new happens."""
        return [] if self.closed else [InboxClosed(user_id=user_id, closed_at=now)]

    def forget(self, user_id: UUID, notification_ids: tuple[UUID, ...], now: datetime) -> list[Event]:
        """These are kept no longer; without any there are no others."""
        if not self.closed or self.empty:
            return []
        return [NotificationsForgotten(user_id=user_id, notification_ids=notification_ids, at=now, all=not notification_ids)]

    def evolve(self, event: Event) -> Self:
        """The inbox after one more fact."""
        match event:
            case InboxClosed():
                return self.but(closed=True)
            case NotificationsForgotten(all=True):
                return self.but(empty=True)
        return self
