"""What happened to accounts and sessions.

`Sealed` fields are AES-GCM under the person's own key (base64url): destroying that key erases the person from history.
"""

from datetime import datetime
from typing import NewType
from uuid import UUID

from domain.identity.role import Role
from domain.shared.event import Event, recorded_as

Sealed = NewType("Sealed", str)


@recorded_as("user.registered")
class UserRegistered(Event, frozen=True, gc=False):
    """An account began. Who opened it is the event's actor: nobody for public registration, an administrator otherwise."""

    user_id: UUID
    email: Sealed
    name: Sealed


@recorded_as("user.role_granted")
class RoleGranted(Event, frozen=True, gc=False):
    """An account was given a role."""

    user_id: UUID
    role: Role


@recorded_as("user.role_revoked")
class RoleRevoked(Event, frozen=True, gc=False):
    """A role was taken from an account."""

    user_id: UUID
    role: Role


@recorded_as("user.disabled")
class UserDisabled(Event, frozen=True, gc=False):
    """An account may not be used any more."""

    user_id: UUID


@recorded_as("user.enabled")
class UserEnabled(Event, frozen=True, gc=False):
    """An account may be used again."""

    user_id: UUID


@recorded_as("user.session_opened")
class SessionOpened(Event, frozen=True, gc=False):
    """Somebody proved who they are; the session ends at `expires_at` at the latest, however often it is refreshed."""

    session_id: UUID
    user_id: UUID
    expires_at: datetime


@recorded_as("user.session_refreshed")
class SessionRefreshed(Event, frozen=True, gc=False):
    """A refresh token was exchanged for its successor, which is of this generation (the first is 1)."""

    session_id: UUID
    user_id: UUID
    generation: int
    refreshed_at: datetime


@recorded_as("user.refresh_reuse_detected")
class RefreshReuseDetected(Event, frozen=True, gc=False):
    """A refresh token of this generation was shown although it was spent: a copy of it is in other hands (RFC 9700, 4.14)."""

    session_id: UUID
    user_id: UUID
    generation: int


@recorded_as("user.session_ended")
class SessionEnded(Event, frozen=True, gc=False):
    """A session is over: `logged_out` or `refresh_reused`."""

    session_id: UUID
    user_id: UUID
    reason: str
