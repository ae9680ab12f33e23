"""Who can administer this system: one small stream that every appointment and dismissal passes, so that the last one stays."""

from typing import Final, Self
from uuid import UUID, uuid5

from domain.identity.errors import LastAdmin
from domain.identity.events import AdminAppointed, AdminDismissed
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

ADMINS: Final = uuid5(UUID(int=0), "identity.admins")
"""Its stream. Two administrators who dismiss each other at once both write its next version, and one of them decides again."""


class Admins(Aggregate, frozen=True):
    """Active accounts with the role `admin`."""

    appointed: frozenset[UUID] = frozenset()

    def appoint(self, user_id: UUID) -> list[Event]:
        """One more."""
        return [] if user_id in self.appointed else [AdminAppointed(user_id=user_id)]

    def dismiss(self, user_id: UUID) -> list[Event]:
        """One less; raises `LastAdmin`."""
        if user_id not in self.appointed:
            return []
        if len(self.appointed) == 1:
            raise LastAdmin
        return [AdminDismissed(user_id=user_id)]

    def evolve(self, event: Event) -> Self:
        """The administrators after one more fact."""
        match event:
            case AdminAppointed(user_id=user_id):
                return self.but(appointed=self.appointed | {user_id})
            case AdminDismissed(user_id=user_id):
                return self.but(appointed=self.appointed - {user_id})
        return self
