"""A sign-in that has proved its first factor and waits for the second."""

from datetime import UTC, datetime, timedelta
from typing import Final, Self
from uuid import UUID

from domain.identity.errors import InvalidToken
from domain.identity.events import ChallengeFailed, ChallengeIssued, ChallengePassed
from domain.shared.aggregate import NOBODY, Aggregate
from domain.shared.event import Event

NEVER: Final = datetime.min.replace(tzinfo=UTC)
LIFETIME: Final = timedelta(minutes=5)
TRIES: Final = 5


class SignInChallenge(Aggregate, frozen=True):
    """Good for one session, a few minutes, and so many wrong codes."""

    user_id: UUID = NOBODY
    methods: tuple[str, ...] = ()
    """How the first factor was proved (RFC 8176)."""
    issued_at: datetime = NEVER
    expires_at: datetime = NEVER
    tries: int = 0
    passed: bool = False

    @staticmethod
    def issue(challenge_id: UUID, user_id: UUID, methods: tuple[str, ...], now: datetime) -> list[Event]:
        """The first fact of a challenge."""
        return [ChallengeIssued(challenge_id=challenge_id, user_id=user_id, methods=methods, issued_at=now, expires_at=now + LIFETIME)]

    def must_be_open(self, now: datetime) -> None:
        """Raises `InvalidToken` when it was passed, ran out, or failed too often."""
        if self.version == 0 or self.passed or now >= self.expires_at or self.tries >= TRIES:
            raise InvalidToken

    def fail(self) -> list[Event]:
        """A wrong code was shown."""
        return [ChallengeFailed(challenge_id=self.id, user_id=self.user_id, tries=self.tries + 1)]

    def complete(self, session_id: UUID) -> list[Event]:
        """The second factor was proved, too."""
        return [ChallengePassed(challenge_id=self.id, user_id=self.user_id, session_id=session_id)]

    def evolve(self, event: Event) -> Self:
        """The challenge after one more fact."""
        match event:
            case ChallengeIssued(user_id=user_id, methods=methods, issued_at=issued_at, expires_at=expires_at):
                return self.but(user_id=user_id, methods=methods, issued_at=issued_at, expires_at=expires_at)
            case ChallengeFailed(tries=tries):
                return self.but(tries=tries)
            case ChallengePassed():
                return self.but(passed=True)
        return self
