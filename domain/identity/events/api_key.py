"""What happened to API keys. Their secrets stand in the vault only, as hashes."""

from datetime import datetime
from uuid import UUID

from domain.identity.events.sealed import NOTHING, Sealed
from domain.shared.event import Event, recorded_as


@recorded_as("api_key.issued")
class ApiKeyIssued(Event, frozen=True, gc=False):
    """An account can be used with a key, within `scopes`; who issued it is the event's actor.

    `name` and `addresses` (networks it may be used from, JSON) are sealed with the owner's key.
    """

    key_id: UUID
    owner_id: UUID
    secret_id: UUID
    name: Sealed
    scopes: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime | None = None
    addresses: Sealed = NOTHING


@recorded_as("api_key.rotated")
class ApiKeyRotated(Event, frozen=True, gc=False):
    """The key has a new secret; the one before it counts until `former_until`, those before that no more."""

    key_id: UUID
    owner_id: UUID
    secret_id: UUID
    former_until: datetime
    rotated_at: datetime


@recorded_as("api_key.used")
class ApiKeyUsed(Event, frozen=True, gc=False):
    """The key was used; told again when it is used five minutes later."""

    key_id: UUID
    owner_id: UUID
    at: datetime


@recorded_as("api_key.revoked")
class ApiKeyRevoked(Event, frozen=True, gc=False):
    """The key counts no more."""

    key_id: UUID
    owner_id: UUID
