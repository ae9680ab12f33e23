"""Opening personal fields at the moment they are read: with the key from the vault, remembered for a second at most."""

from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from domain.identity.person import ERASED

FRESH: Final = timedelta(seconds=1)
REMEMBERED: Final = 10_000


class Vault(Protocol):
    """Where keys of persons are kept, and the time there."""

    def now(self) -> datetime:
        """Database time."""

    async def secret(self, kind: str, entry_id: UUID, /) -> bytes | None:
        """A sealed entry."""


class Opening(Protocol):
    """What opens entries of the vault, and fields sealed with a person's key."""

    def open(self, kind: str, entry_id: UUID, sealed: bytes, /) -> bytes:
        """The content of a vault entry."""

    def open_personal(self, key: bytes, person_id: UUID, sealed: bytes) -> str:
        """A personal field in clear."""


class PersonKeys:
    """Keys of persons, for queries. A destroyed key is forgotten here within a second, too (mechanisms C3)."""

    def __init__(self, vault: Vault, opening: Opening) -> None:
        self._vault = vault
        self._opening = opening
        self._known: dict[UUID, tuple[datetime, bytes | None]] = {}

    async def open(self, person_id: UUID, *fields: str) -> tuple[str, ...]:
        """The fields in clear, each `erased` where the key is gone; what was never there stays empty."""
        key = await self._key(person_id)
        if key is None:
            return (ERASED,) * len(fields)
        return tuple(self._opening.open_personal(key, person_id, field.encode("ascii")) if field else "" for field in fields)

    async def _key(self, person_id: UUID) -> bytes | None:
        now = self._vault.now()
        until, key = self._known.get(person_id, (now, None))
        if until > now:
            return key
        sealed = await self._vault.secret("person_key", person_id)
        key = None if sealed is None else self._opening.open("person_key", person_id, sealed)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[person_id] = (now + FRESH, key)
        return key
