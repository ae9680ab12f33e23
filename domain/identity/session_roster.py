"""The sessions of one person, kept only where their number is limited."""

from typing import Self
from uuid import UUID, uuid5

from domain.identity.events import SessionAdmitted
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event


def roster_id(user_id: UUID) -> UUID:
    """The stream of a person's roster."""
    return uuid5(user_id, "sessions")


class SessionRoster(Aggregate, frozen=True):
    """`sessions` are in the order they were opened; one that has ended by itself may still stand here."""

    sessions: tuple[UUID, ...] = ()

    @staticmethod
    def giving_way(still_open: tuple[UUID, ...], most: int) -> tuple[UUID, ...]:
        """The oldest, which must end before one more is opened."""
        return still_open[: max(len(still_open) - most + 1, 0)]

    def admit(self, user_id: UUID, session_id: UUID, left: tuple[UUID, ...]) -> list[Event]:
        """One more session; those that `left` are not counted any more."""
        return [SessionAdmitted(user_id=user_id, session_id=session_id, left=left)]

    def evolve(self, event: Event) -> Self:
        """The roster after one more fact."""
        match event:
            case SessionAdmitted(session_id=session_id, left=left):
                return self.but(sessions=(*(one for one in self.sessions if one not in left), session_id))
        return self
