"""The log in memory: the same outcomes as the one on PostgreSQL, without a server, for unit tests and simulations."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from application.shared.ports import A, Claim, Entry, Lost, Written
from domain.shared.aggregate import Aggregate
from domain.shared.event import Recorded
from infra.serialization import mapper
from infra.serialization.mapper import UnwritableText

SKEW: Final = timedelta(seconds=2)
REMEMBERED: Final = timedelta(hours=24)


class _Kept(msgspec.Struct, frozen=True):
    """A key that was used, and what its caller was told."""

    written: Written
    recorded_at: datetime


def _utc() -> datetime:
    return datetime.now(UTC)


class MemoryLog:
    """The log of one test. `now` stands for the database's clock; `pause` is awaited before every read and every
    write, so that a simulator can put other commands in between (by default nothing comes in between).
    """

    def __init__(self, now: Callable[[], datetime] = _utc, pause: Callable[[], Awaitable[None]] | None = None) -> None:
        self.recorded: list[Recorded[Any]] = []
        self.metadata: list[bytes] = []
        self.names: dict[tuple[str, bytes], UUID] = {}
        self.vault: dict[tuple[str, UUID], bytes] = {}
        self._now = now
        self._pause = pause
        self._streams: dict[UUID, list[Recorded[Any]]] = defaultdict(list)
        self._http_keys: dict[bytes, _Kept] = {}
        self._commands: dict[bytes, int] = {}

    def now(self) -> datetime:
        """Time of the log, UTC."""
        return self._now()

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing to disconnect from."""

    async def load(self, kind: type[A], stream_id: UUID) -> tuple[A, int]:
        """The newest state and the position of its last event."""
        await self._between()
        stream = self._streams.get(stream_id, [])
        state = kind(id=stream_id).after(*(recorded.event for recorded in stream))
        return state, stream[-1].position if stream else 0

    async def load_many(self, kind: type[A], stream_ids: Sequence[UUID]) -> list[tuple[A, int]]:
        """The same of many streams."""
        return [await self.load(kind, stream_id) for stream_id in stream_ids]

    async def append(self, entry: Entry) -> Written:
        """Write an entry, all of it or nothing."""
        rows = self._encode(entry)
        await self._between()
        moment = max(self._now(), *(recorded.recorded_at for recorded in self.recorded[-1:]), datetime.min.replace(tzinfo=UTC))
        known = self._known(entry, moment)
        if known is not None:
            return known
        if abs(moment - entry.decided_at) > SKEW or not self._fits(entry):
            raise Lost
        claims = self._claimed(entry)
        for row, (name, data, metadata) in zip(entry.events, rows, strict=True):
            # What comes back is what was recorded, not the object that was handed in.
            event = mapper.decode(name, data, metadata)
            recorded = Recorded(len(self.recorded) + 1, row.stream_id, row.version, event, entry.context.caller.id, moment)
            self.recorded.append(recorded)
            self.metadata.append(metadata)
            self._streams[row.stream_id].append(recorded)
        self._keep(entry, claims, moment)
        return Written(len(self.recorded))

    async def answered(self, key: bytes, *, lasting: bool) -> Written | None:
        """What a key was answered with."""
        await self._between()
        return self._answered(key, lasting, self._now())

    async def settled(self, stream_ids: Sequence[UUID], unwritten: Sequence[Aggregate] = ()) -> bool:  # noqa: ARG002 — there is none.
        """Everything is written at once."""
        return True

    async def holder(self, kind: str, hmac: bytes) -> UUID | None:
        """Who holds a unique name."""
        await self._between()
        return self.names.get((kind, hmac))

    async def holders(self, kind: str, hmacs: Sequence[bytes]) -> dict[bytes, UUID]:
        """Who holds each of several unique names."""
        await self._between()
        return {hmac: self.names[kind, hmac] for hmac in hmacs if (kind, hmac) in self.names}

    async def secret(self, kind: str, id: UUID) -> bytes | None:
        """A sealed entry of the vault."""
        await self._between()
        return self.vault.get((kind, id))

    async def secrets(self, kind: str, ids: Sequence[UUID]) -> dict[UUID, bytes]:
        """Sealed entries of the vault, those that are there."""
        return {one: self.vault[kind, one] for one in ids if (kind, one) in self.vault}

    async def _between(self) -> None:
        if self._pause is not None:
            await self._pause()

    @staticmethod
    def _encode(entry: Entry) -> list[tuple[str, bytes, bytes]]:
        try:
            return [(*mapper.encode(staged.event), mapper.metadata(entry.context, staged.event)) for staged in entry.events]
        except mapper.Unwritable as error:
            raise UnwritableText(str(error)) from error

    def _known(self, entry: Entry, moment: datetime) -> Written | None:
        key = entry.context.key
        return None if key is None else self._answered(key.id, key.lasting, moment)

    def _answered(self, key: bytes, lasting: bool, moment: datetime) -> Written | None:  # noqa: FBT001 — private.
        if lasting:
            position = self._commands.get(key)
            return None if position is None else Written(position, duplicate=True)
        kept = self._http_keys.get(key)
        return None if kept is None or kept.recorded_at <= moment - REMEMBERED else kept.written

    def _fits(self, entry: Entry) -> bool:
        heads = {staged.stream_id: len(self._streams.get(staged.stream_id, ())) for staged in entry.events}
        for staged in entry.events:
            heads[staged.stream_id] += 1
            if staged.version != heads[staged.stream_id]:
                return False
        return True

    def _claimed(self, entry: Entry) -> dict[tuple[str, bytes], Claim]:
        """The last word on each name; raises the refusal of the first name that somebody else holds."""
        claims = {(claim.kind, claim.hmac): claim for claim in entry.claims}
        for name, claim in claims.items():
            if claim.owner is not None and self.names.get(name, claim.owner) != claim.owner:
                raise claim.taken
        return claims

    def _keep(self, entry: Entry, claims: dict[tuple[str, bytes], Claim], moment: datetime) -> None:
        for name, claim in claims.items():
            if claim.owner is None:
                self.names.pop(name, None)
            else:
                self.names[name] = claim.owner
        for secret in entry.secrets:
            if secret.sealed is None:
                self.vault.pop((secret.kind, secret.id), None)
            else:
                self.vault[secret.kind, secret.id] = secret.sealed
        key, position = entry.context.key, len(self.recorded)
        if key is not None and key.lasting:
            self._commands[key.id] = position
        elif key is not None:
            self._http_keys[key.id] = _Kept(
                Written(position, duplicate=True, fingerprint=key.fingerprint, status=entry.status, answer=entry.answer), moment
            )
