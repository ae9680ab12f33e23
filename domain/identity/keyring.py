"""The ring of keys that sign access tokens: a new one is known everywhere before it signs, so that no token is refused wrongly."""

from datetime import datetime
from typing import Final, Self
from uuid import UUID

import msgspec

from domain.identity.errors import SigningKeyNeeded
from domain.identity.events.keyring import SigningKeyAdded, SigningKeyRetired
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

KEYRING: Final = UUID("00000000-0000-7000-8000-00006b657973")
"""The one stream of the ring."""


class RingKey(msgspec.Struct, frozen=True):
    """A key by its thumbprint (RFC 7638), and when it begins to sign. Its private part is in the vault, under `key_id`."""

    kid: str
    key_id: UUID
    signs_from: datetime


class Keyring(Aggregate, frozen=True):
    """`keys` in the order they were made. Keys of the settings are not among them, but can be retired, too."""

    keys: tuple[RingKey, ...] = ()
    retired: frozenset[str] = frozenset()

    def signing(self, now: datetime) -> RingKey | None:
        """The newest key that may sign; None: those of the settings sign."""
        return max((key for key in self.keys if key.signs_from <= now), key=lambda key: key.signs_from, default=None)

    def add(self, key: RingKey) -> list[Event]:
        """One more key."""
        return [SigningKeyAdded(kid=key.kid, key_id=key.key_id, signs_from=key.signs_from)]

    def retire(self, kid: str, now: datetime) -> list[Event]:
        """Believe a key no more; raises `SigningKeyNeeded` where it signs, or is to. Told twice, nothing new happened."""
        if kid in self.retired:
            return []
        signing = self.signing(now)
        if signing is None or any(key.kid == kid and key.signs_from >= signing.signs_from for key in self.keys):
            raise SigningKeyNeeded
        return [SigningKeyRetired(kid=kid)]

    def evolve(self, event: Event) -> Self:
        """The ring after one more fact."""
        match event:
            case SigningKeyAdded(kid=kid, key_id=key_id, signs_from=signs_from):
                return self.but(keys=(*self.keys, RingKey(kid, key_id, signs_from)))
            case SigningKeyRetired(kid=kid):
                return self.but(keys=tuple(key for key in self.keys if key.kid != kid), retired=self.retired | {kid})
        return self
