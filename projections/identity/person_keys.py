"""Opening personal fields at the moment they are read: with the key from the vault, remembered for a second at most."""

from collections.abc import Sequence
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

    async def secrets(self, kind: str, entry_ids: Sequence[UUID], /) -> dict[UUID, bytes]:
        """Sealed entries, those that are there."""


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

    async def know(self, person_ids: Sequence[UUID]) -> None:
        """Learn the keys of many at once, so that opening their fields in the same moment asks nothing any more."""
        now = self._vault.now()
        missing = [one for one in person_ids if one not in self._known or self._known[one][0] <= now]
        if not missing:
            return
        sealed = await self._vault.secrets("person_key", missing)
        if len(self._known) + len(missing) >= REMEMBERED:
            self._known.clear()
        for one in missing:
            self._known[one] = (now + FRESH, self._opening.open("person_key", one, sealed[one]) if one in sealed else None)

    async def _key(self, person_id: UUID) -> bytes | None:
        await self.know([person_id])
        return self._known[person_id][1]
