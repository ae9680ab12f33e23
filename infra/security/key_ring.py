"""The keys of this process: those of the settings, and those that `daybook keys rotate` put into the log and the vault."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from application.identity.access_token import AccessTokens
from application.shared.ports import Log, Sealing
from domain.identity.keyring import KEYRING, Keyring
from infra.cancellation import ended
from infra.security.sealing import Unsealable
from infra.security.signing_keys import SigningKey, read_signing_keys
from infra.settings import BadSettings

log = logging.getLogger(__name__)
FRESH: Final = 0.5
"""Seconds for which what was read of the ring is believed."""
PAUSE: Final = 1.0
"""Seconds between two looks at the ring; a new key signs only after several of them."""


class KeyRing:
    """Every key verifies; the newest one of the ring whose time has come signs, or the first of the settings while there is none.

    A key signs only seconds after it was put on the ring, and a ring is read anew each second, and before a token of an unknown key
    is refused: so no process ever refuses what another one signed. Without a log the keys of the settings are all there are.
    """

    def __init__(self, fixed: Sequence[SigningKey], log: Log | None = None, sealing: Sealing | None = None) -> None:
        self._fixed = fixed
        self._log = log
        self._sealing = sealing
        self._ring = Keyring(id=KEYRING)
        self._opened: dict[str, SigningKey] = {}
        self._reading: tuple[float, asyncio.Future[None]] | None = None

    @property
    def version(self) -> int:
        """Changes with the ring."""
        return self._ring.version

    def find(self, kid: str) -> SigningKey | None:
        """The key that a token names."""
        return self._opened.get(kid) or next((key for key in self._fixed if key.kid == kid and kid not in self._ring.retired), None)

    def signing(self, now: datetime) -> SigningKey:
        """The key that signs at this moment."""
        ready = [key for key in self._ring.keys if key.signs_from <= now and key.kid in self._opened]
        return self._opened[max(ready, key=lambda key: key.signs_from).kid] if ready else self._fixed[0]

    def published(self) -> list[SigningKey]:
        """All that verify, the newest first."""
        usual = [key for key in self._fixed if key.kid not in self._ring.retired and key.kid not in self._opened]
        return [*reversed(self._opened.values()), *usual]

    async def refresh(self) -> None:
        """Read the ring, unless that was done a moment ago. Raises what the database raises when it is away."""
        if self._log is None or self._sealing is None:
            return
        now = time.monotonic()
        if self._reading is None or self._reading[0] < now:
            reading = asyncio.ensure_future(self._read(self._log, self._sealing))
            self._reading = (now + FRESH, reading)
            reading.add_done_callback(self._forget_failure)
        # Shielded: a client that hangs up must not cancel what others wait for.
        await asyncio.shield(self._reading[1])

    async def _read(self, known: Log, sealing: Sealing) -> None:
        ring, _ = await known.load(Keyring, KEYRING)
        if ring.version == self._ring.version:
            return
        opened: dict[str, SigningKey] = {}
        for key in ring.keys:
            sealed = await known.secret("signing_key", key.key_id)
            try:
                opened[key.kid] = self._opened.get(key.kid) or _open(sealing, key.key_id, sealed)
            except (BadSettings, Unsealable) as error:
                log.error("a signing key cannot be used", extra={"kid": key.kid, "error": str(error)})  # noqa: TRY400 — no trace of a secret.
        self._ring, self._opened = ring, opened

    def _forget_failure(self, reading: "asyncio.Future[None]") -> None:
        if (reading.cancelled() or reading.exception() is not None) and self._reading is not None and self._reading[1] is reading:
            self._reading = None


def _open(sealing: Sealing, key_id: UUID, sealed: bytes | None) -> SigningKey:
    if sealed is None:
        raise Unsealable("it is not in the vault")
    (key,) = read_signing_keys(sealing.open("signing_key", key_id, sealed).decode())
    return key


@asynccontextmanager
async def followed(tokens: AccessTokens) -> AsyncIterator[None]:
    """Look at the ring now and each second, as long as this lasts."""
    await tokens.refresh()
    following = asyncio.create_task(_follow(tokens), name="signing keys")
    try:
        yield
    finally:
        await ended(following)


async def _follow(tokens: AccessTokens) -> None:
    while True:
        await asyncio.sleep(PAUSE)
        try:
            await tokens.refresh()
        except Exception as error:  # noqa: BLE001 — whatever it was, the next look may succeed.
            log.warning("the signing keys could not be read", extra={"error": repr(error)})
