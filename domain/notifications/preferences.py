"""A person's preferences, and what waits for their next digest."""

from datetime import datetime
from typing import Final, Self
from uuid import UUID, uuid5

from domain.notifications.choices import Choices, judged
from domain.notifications.errors import DigestNotDue
from domain.notifications.events import DigestClosed, DigestCollected, PreferencesChanged
from domain.notifications.kind import Kind
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

LISTED: Final = 100
"""Notifications that a digest lists; further ones it counts."""


def preferences_id(user_id: UUID) -> UUID:
    """The stream of a person's preferences."""
    return uuid5(user_id, "notification preferences")


class Preferences(Aggregate, frozen=True):
    """How a person wants to be told; who never said anything is told in the usual way."""

    choices: Choices = Choices()

    def choose(self, user_id: UUID, choices: Choices) -> list[Event]:
        """Another way from now on; raises `Invalid`."""
        wanted = judged(choices)
        return [] if wanted == self.choices else [PreferencesChanged(user_id=user_id, choices=wanted)]

    def turn_mail_off(self, user_id: UUID, kinds: tuple[Kind, ...]) -> list[Event]:
        """No mail about these kinds any more; told twice, nothing new happens."""
        return self.choose(user_id, self.choices.without_mail(*(kind for kind in kinds if self.choices.of(kind).mail)))

    def evolve(self, event: Event) -> Self:
        """The preferences after one more fact."""
        match event:
            case PreferencesChanged(choices=choices):
                return self.but(choices=choices)
        return self


def bundle_id(user_id: UUID) -> UUID:
    """The stream of what waits for a person's digests."""
    return uuid5(user_id, "digest")


class Bundle(Aggregate, frozen=True):
    """What waits for a person's next digest; `due_at` is None while nothing does."""

    waiting: tuple[UUID, ...] = ()
    more: int = 0
    due_at: datetime | None = None

    def collect(self, user_id: UUID, notification_id: UUID, due_at: datetime) -> list[Event]:
        """One more for the next digest; when that comes the first one said."""
        return [DigestCollected(user_id=user_id, notification_id=notification_id, due_at=self.due_at or due_at)]

    def close(self, user_id: UUID, mail_id: UUID | None, now: datetime) -> list[Event]:
        """It went out as this mail; raises `DigestNotDue`. Nothing happens where nothing waits."""
        if self.due_at is None:
            return []
        if now < self.due_at:
            raise DigestNotDue
        return [DigestClosed(user_id=user_id, mail_id=mail_id)]

    def evolve(self, event: Event) -> Self:
        """The bundle after one more fact."""
        match event:
            case DigestCollected(notification_id=one, due_at=due_at) if len(self.waiting) < LISTED:
                return self.but(waiting=(*self.waiting, one), due_at=due_at)
            case DigestCollected():
                return self.but(more=self.more + 1)
            case DigestClosed():
                return self.but(waiting=(), more=0, due_at=None)
        return self
