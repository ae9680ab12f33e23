"""Whether an API key may act: asked of the log, and remembered for half a second."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from hmac import compare_digest
from typing import Final
from uuid import UUID

import msgspec

from application.identity.key_text import KeyText
from application.identity.remembered import Remembered
from application.shared.context import Caller
from application.shared.ports import Log, Sealing
from domain.identity.api_key import ApiKey, is_within
from domain.identity.errors import InvalidToken
from domain.identity.user import User
from domain.shared.aggregate import NOBODY

log = logging.getLogger(__name__)
NOTHING: Final = bytes(32)


class Holder(msgspec.Struct, frozen=True):
    """Who acts with a key, and the networks it may be used from (none: all)."""

    caller: Caller
    networks: tuple[str, ...]


class KeyStanding:
    """Turns an API key into a caller: its owner, within its scopes. Revocation, expiry and disabling act within a second, everywhere.

    `note` records that a key was used; it runs beside the request, and where it fails it is told to the log and tried again
    half a second later, when the key is used next.
    """

    def __init__(self, log: Log, sealing: Sealing, note: Callable[[UUID], Awaitable[object]]) -> None:
        self._log = log
        self._sealing = sealing
        self._note = note
        self._known = Remembered[Holder](log.now)
        self._noting: dict[UUID, asyncio.Future[object]] = {}

    async def caller(self, text: str, address: str) -> Caller:
        """The caller with today's roles; raises `InvalidToken`, `TokenExpired`, `AccountDisabled`."""
        shown = KeyText.parse(text)
        holder = await self._known.get(shown.digest, lambda: self._look_up(shown))
        if holder.networks and not is_within(address, holder.networks):
            raise InvalidToken
        return holder.caller

    async def _look_up(self, shown: KeyText) -> Holder:
        now = self._log.now()
        key, _ = await self._log.load(ApiKey, shown.key_id)
        # An unknown key takes as long as a known one, and no comparison tells how much of a guess is right.
        kept = [await self._secret("api_key", one) for one in key.secrets_at(now) or (NOBODY,)]
        if not sum(compare_digest(one or NOTHING, shown.digest) for one in kept):
            raise InvalidToken
        key.must_be_valid(now)
        owner, _ = await self._log.load(User, key.owner_id)
        owner.must_be_active()
        self._note_use(key, now)
        roles = frozenset(map(str, owner.roles))
        caller = Caller(owner.id, owner.role, roles=roles, scopes=frozenset(key.scopes), key_id=key.id)
        return Holder(caller, await self._networks(key))

    async def _networks(self, key: ApiKey) -> tuple[str, ...]:
        if not key.addresses:
            return ()
        person_key = await self._secret("person_key", key.owner_id)
        if person_key is None:
            raise InvalidToken
        return msgspec.json.decode(self._sealing.open_personal(person_key, key.owner_id, key.addresses.encode()), type=tuple[str, ...])

    async def _secret(self, kind: str, entry_id: UUID) -> bytes | None:
        sealed = await self._log.secret(kind, entry_id)
        return None if sealed is None else self._sealing.open(kind, entry_id, sealed)

    def _note_use(self, key: ApiKey, now: datetime) -> None:
        if key.is_worth_noting(now) and key.id not in self._noting:
            noted = self._noting[key.id] = asyncio.ensure_future(self._note(key.id))
            noted.add_done_callback(lambda done: self._noted(key.id, done))

    def _noted(self, key_id: UUID, done: "asyncio.Future[object]") -> None:
        del self._noting[key_id]
        if not done.cancelled() and done.exception() is not None:
            told = {"key_id": str(key_id)}
            log.warning("the use of an API key was not noted; it will be when it is used again", extra=told, exc_info=done.exception())
