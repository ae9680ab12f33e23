"""A session: one sign-in and the chain of refresh tokens that came from it (RFC 9700, 4.14: rotation and reuse)."""

from datetime import UTC, datetime, timedelta
from typing import Final, Self
from uuid import UUID

from domain.identity.errors import InvalidToken, TokenExpired
from domain.identity.events import Reauthenticated, RefreshReuseDetected, Sealed, SessionEnded, SessionOpened, SessionRefreshed
from domain.identity.events.sealed import NOTHING
from domain.shared.aggregate import NOBODY, Aggregate
from domain.shared.event import Event

NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Session(Aggregate, frozen=True):
    """`generation` is that of the one refresh token that is not spent."""

    user_id: UUID = NOBODY
    generation: int = 0
    opened_at: datetime = NEVER
    refreshed_at: datetime = NEVER
    expires_at: datetime = NEVER
    authenticated_at: datetime = NEVER
    """When the person last proved who they are."""
    methods: tuple[str, ...] = ()
    """How they did (RFC 8176)."""
    client_id: UUID | None = None
    """The program that acts for the user, if this is not the user's own session."""
    scopes: tuple[str, ...] | None = None
    """What that program may do at most; None: whatever the user may."""
    ended: bool = False

    @staticmethod
    def open(
        session_id: UUID,
        user_id: UUID,
        now: datetime,
        lifetime: timedelta,
        *,
        methods: tuple[str, ...] = ("pwd",),
        client: Sealed = NOTHING,
        client_id: UUID | None = None,
        scopes: tuple[str, ...] | None = None,
    ) -> list[Event]:
        """The first fact of a session."""
        return [
            SessionOpened(
                session_id=session_id,
                user_id=user_id,
                opened_at=now,
                expires_at=now + lifetime,
                methods=methods,
                client=client,
                client_id=client_id,
                scopes=scopes,
            )
        ]

    def must_be_open(self, now: datetime, idle: timedelta | None = None) -> None:
        """Raises `InvalidToken` or `TokenExpired`; also when it was not refreshed for as long as `idle`."""
        if self.version == 0 or self.ended:
            raise InvalidToken
        if self.has_expired(now) or (idle is not None and now >= self.refreshed_at + idle):
            raise TokenExpired

    def has_expired(self, now: datetime) -> bool:
        """Whether its time has come, however often it was refreshed."""
        return now >= self.expires_at

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

    def reauthenticate(self, now: datetime, methods: tuple[str, ...]) -> list[Event]:
        """The person proved once more who they are."""
        self.must_be_open(now)
        return [Reauthenticated(session_id=self.id, user_id=self.user_id, at=now, methods=methods)]

    def end(self, reason: str) -> list[Event]:
        """End the session; told twice, nothing new happened."""
        if self.version == 0 or self.ended:
            return []
        return [SessionEnded(session_id=self.id, user_id=self.user_id, reason=reason)]

    def evolve(self, event: Event) -> Self:
        """The session after one more fact."""
        match event:
            case SessionOpened(user_id=user_id, opened_at=opened_at, expires_at=expires_at):
                at = opened_at or NEVER
                begun = self.but(user_id=user_id, opened_at=at, refreshed_at=at, authenticated_at=at, expires_at=expires_at, generation=1)
                return begun.but(methods=event.methods, client_id=event.client_id, scopes=event.scopes)
            case SessionRefreshed(generation=generation, refreshed_at=refreshed_at):
                return self.but(generation=generation, refreshed_at=refreshed_at)
            case Reauthenticated(at=at, methods=methods):
                return self.but(authenticated_at=at, methods=methods)
            case SessionEnded():
                return self.but(ended=True)
        return self
