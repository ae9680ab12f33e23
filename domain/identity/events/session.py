"""What happened to sessions."""

from datetime import datetime
from uuid import UUID

from domain.identity.events.sealed import Sealed
from domain.shared.event import Event, recorded_as


@recorded_as("user.session_opened")
class SessionOpened(Event, frozen=True, gc=False):
    """Somebody proved who they are; the session ends at `expires_at` at the latest, however often it is refreshed.

    `methods` are authentication methods (RFC 8176: `pwd`, `otp`, …; `fed` for an outside provider). With `client_id` the session is
    that of a program that acts for the user, within `scopes`. `client` tells where from: address and user agent.
    """

    session_id: UUID
    user_id: UUID
    expires_at: datetime
    opened_at: datetime | None = None
    methods: tuple[str, ...] = ("pwd",)
    client: Sealed = Sealed("")
    client_id: UUID | None = None
    scopes: tuple[str, ...] | None = None


@recorded_as("user.session_refreshed")
class SessionRefreshed(Event, frozen=True, gc=False):
    """A refresh token was exchanged for its successor, which is of this generation (the first is 1)."""

    session_id: UUID
    user_id: UUID
    generation: int
    refreshed_at: datetime


@recorded_as("user.reauthenticated")
class Reauthenticated(Event, frozen=True, gc=False):
    """Within a session, the person proved once more who they are (RFC 9470)."""

    session_id: UUID
    user_id: UUID
    at: datetime
    methods: tuple[str, ...]


@recorded_as("user.refresh_reuse_detected")
class RefreshReuseDetected(Event, frozen=True, gc=False):
    """A refresh token of this generation was shown although it was spent: a copy of it is in other hands (RFC 9700, 4.14)."""

    session_id: UUID
    user_id: UUID
    generation: int


@recorded_as("user.session_ended")
class SessionEnded(Event, frozen=True, gc=False):
    """A session is over: `logged_out`, `refresh_reused`, `ended_by_user`, `ended_by_admin`, `expired`, `idle`, `too_many`, `code_reused`,
    `revoked`, `erased`.
    """

    session_id: UUID
    user_id: UUID
    reason: str


@recorded_as("user.session_admitted")
class SessionAdmitted(Event, frozen=True, gc=False):
    """A session was opened where their number is limited; those that `left` ended before, or gave way to it."""

    user_id: UUID
    session_id: UUID
    left: tuple[UUID, ...] = ()
