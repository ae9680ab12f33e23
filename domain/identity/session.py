"""A session: one sign-in and the chain of refresh tokens that came from it (RFC 9700, 4.14: rotation and reuse)."""

from datetime import UTC, datetime, timedelta
from typing import Final, Self
from uuid import UUID

from domain.identity.errors import InvalidToken, TokenExpired
from domain.identity.events import RefreshReuseDetected, SessionEnded, SessionOpened, SessionRefreshed
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

NEVER: Final = datetime.min.replace(tzinfo=UTC)
NOBODY: Final = UUID(int=0)


class Session(Aggregate, frozen=True):
    """`generation` is that of the one refresh token that is not spent."""

    user_id: UUID = NOBODY
    generation: int = 0
    refreshed_at: datetime = NEVER
    expires_at: datetime = NEVER
    ended: bool = False

    @staticmethod
    def open(session_id: UUID, user_id: UUID, now: datetime, lifetime: timedelta) -> list[Event]:
        """The first fact of a session."""
        return [SessionOpened(session_id=session_id, user_id=user_id, expires_at=now + lifetime)]

    def must_be_open(self, now: datetime) -> None:
        """Raises `InvalidToken` or `TokenExpired`."""
        if self.version == 0 or self.ended:
            raise InvalidToken
        if now >= self.expires_at:
            raise TokenExpired

    def refresh(self, generation: int, now: datetime, grace: timedelta) -> list[Event]:
        """Spend the refresh token of a generation.

        The newest gives a successor. The one before it, within `grace` of being spent, says nothing new: the client lost
        the answer and gets the same successor. Any other spent one is a copy, and ends the session.
        """
        self.must_be_open(now)
        if generation > self.generation:
            raise InvalidToken  # Of a future that a restored log has not seen.
        if generation == self.generation:
            successor = generation + 1
            return [SessionRefreshed(session_id=self.id, user_id=self.user_id, generation=successor, refreshed_at=now)]
        if generation == self.generation - 1 and now <= self.refreshed_at + grace:
            return []
        return [RefreshReuseDetected(session_id=self.id, user_id=self.user_id, generation=generation), *self.end("refresh_reused")]

    def end(self, reason: str) -> list[Event]:
        """End the session; told twice, nothing new happened."""
        if self.version == 0 or self.ended:
            return []
        return [SessionEnded(session_id=self.id, user_id=self.user_id, reason=reason)]

    def evolve(self, event: Event) -> Self:
        """The session after one more fact."""
        match event:
            case SessionOpened(user_id=user_id, expires_at=expires_at):
                return self.but(user_id=user_id, expires_at=expires_at, generation=1)
            case SessionRefreshed(generation=generation, refreshed_at=refreshed_at):
                return self.but(generation=generation, refreshed_at=refreshed_at)
            case SessionEnded():
                return self.but(ended=True)
        return self
