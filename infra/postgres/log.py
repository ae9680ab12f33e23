"""The log on PostgreSQL, as the application sees it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from prometheus_client import Counter
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from application.shared.ports import A, Entry, Lost, Written
from domain.shared.aggregate import Aggregate
from infra.postgres.appender import Appender
from infra.postgres.arrays import Bytes
from infra.postgres.batch import Verdict, encode
from infra.postgres.connections import LOOKUPS, connect, pool
from infra.postgres.database_clock import DatabaseClock
from infra.postgres.hot_reads import HotReads
from infra.postgres.hot_streams import Hot, HotStreams
from infra.postgres.streams import Streams
from infra.serialization.mapper import Unwritable, UnwritableText

_COMMANDS: Final = Counter("daybook_commands_total", "Commands that reached the log, by what became of them.", ["outcome"])
OUTCOMES: Final = {name: _COMMANDS.labels(name) for name in ("ok", "duplicate", "repeat", "conflict", "taken", "skewed")}


class PostgresLog:
    """One process's door to the log: an appender, readers, and the streams it is writing to at the moment."""

    def __init__(self, url: str, *, readers: int = 4) -> None:
        self.clock = DatabaseClock()
        self.readers: AsyncConnectionPool[AsyncConnection[Any]] = pool(url, name="readers", size=readers)
        self.appender = Appender(lambda: connect(url, name="appender"), self.clock)
        self.reads = HotReads(lambda: connect(url, name="reads", planner=LOOKUPS))
        self._streams = Streams(self.reads)
        self._hot = HotStreams()

    async def start(self) -> None:
        """Connect; raises psycopg.OperationalError where the database cannot be reached."""
        await self.readers.open()
        await self.appender.start()

    async def stop(self) -> None:
        """Write what was accepted, then disconnect."""
        await self.appender.stop()
        await self._streams.stop()
        await self.reads.stop()
        await self.readers.close()

    def now(self) -> datetime:
        """Database time."""
        return self.clock.now()

    async def load(self, kind: type[A], stream_id: UUID) -> tuple[A, int]:
        """The newest state and the position of its last written event."""
        hot = self._hot.state(stream_id)
        if isinstance(hot, kind):
            return hot, 0
        return await self._streams.load(kind, stream_id)

    async def load_many(self, kind: type[A], stream_ids: Sequence[UUID]) -> list[tuple[A, int]]:
        """The same of many streams; a few statements at most."""
        hot = {stream_id: state for stream_id in stream_ids if isinstance(state := self._hot.state(stream_id), kind)}
        read = {state.id: (state, position) for state, position in await self._streams.load_many(kind, [one for one in stream_ids if one not in hot])}
        return [(hot[stream_id], 0) if stream_id in hot else read[stream_id] for stream_id in stream_ids]

    async def append(self, entry: Entry) -> Written:
        """Write an entry: queued at once, without a pause between the decision and its place in the queue."""
        if not self._hot.fits(entry):
            raise Lost
        try:
            encoded = encode(entry)
        except Unwritable as error:
            raise UnwritableText(str(error)) from error
        joined: list[Hot] = []
        done = self.appender.put(encoded, lambda: not any(hot.lost for hot in joined))
        joined += self._hot.join(entry, done)
        entry.queued()
        verdict = await asyncio.shield(done)  # a caller that hangs up does not undo what was decided on it
        return self._judge(entry, verdict)

    @staticmethod
    def _judge(entry: Entry, verdict: Verdict) -> Written:
        OUTCOMES[verdict.outcome].inc()
        if verdict.outcome == "ok":
            return Written(verdict.position)
        if verdict.outcome == "duplicate":
            return Written(verdict.position, duplicate=True, fingerprint=bytes(verdict.fingerprint), status=verdict.status, answer=verdict.answer)
        if verdict.outcome == "taken":
            raise next(claim for claim in reversed(entry.claims) if claim.hmac == verdict.fingerprint).taken
        raise Lost

    async def answered(self, key: bytes, *, lasting: bool) -> Written | None:
        """What a key was answered with."""
        if lasting:
            query = "select position, ''::bytea, 0, null::bytea from commands where id = %b"
        else:
            query = """select position, fingerprint, status, answer from http_keys
                       where key = %b and recorded_at > clock_timestamp() - interval '24 hours' limit 1"""
        row = await self._row(query, key)
        return None if row is None else Written(row[0], duplicate=True, fingerprint=row[1], status=row[2], answer=row[3])

    async def settled(self, stream_ids: Sequence[UUID], unwritten: Sequence[Aggregate] = ()) -> bool:
        """Wait until this process's entries for these streams are written."""
        return await self._hot.settled(stream_ids, unwritten)

    async def holder(self, kind: str, hmac: bytes) -> UUID | None:
        """Who holds a unique name."""
        row = await self._row("select owner from unique_claims where kind = %b and hmac = %b", kind, hmac)
        return None if row is None else row[0]

    async def holders(self, kind: str, hmacs: Sequence[bytes]) -> dict[bytes, UUID]:
        """Who holds each of several unique names."""
        rows = await self.reads("select hmac, owner from unique_claims where kind = %b and hmac = any (%b)", kind, Bytes(hmacs))
        return {bytes(hmac): owner for hmac, owner in rows}

    async def secret(self, kind: str, id: UUID) -> bytes | None:
        """A sealed entry of the vault."""
        row = await self._row("select sealed from vault where kind = %b and id = %b", kind, id)
        return None if row is None else bytes(row[0])

    async def secrets(self, kind: str, ids: Sequence[UUID]) -> dict[UUID, bytes]:
        """Sealed entries of the vault, those that are there."""
        rows = await self.reads("select id, sealed from vault where kind = %b and id = any(%b::uuid[])", kind, list(ids))
        return {row[0]: bytes(row[1]) for row in rows}

    async def _row(self, query: Any, *arguments: Any) -> Any:
        rows = await self.reads(query, *arguments)
        return rows[0] if rows else None
