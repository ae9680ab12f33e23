"""The relay: follows the log by position and announces it. LISTEN first, then read; a poll behind it; a beacon each second."""

import asyncio
import contextlib
import logging
import time
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from infra.broker.chunk import Announced, Chunk, chunks
from infra.broker.redis_streams import ChunkPublisher
from infra.postgres.connections import connect
from infra.postgres.leadership import lead, resign
from infra.postgres.log_reader import COLUMNS

log = logging.getLogger(__name__)
READS: Final = 2000
READ: Final = f"select {COLUMNS} from events where position > %b order by position limit {READS}"
HEAD: Final = "select l.log_id, coalesce((select max(position) from events), 0) from log_identity l"
PACE: Final = 0.008
"""Seconds between two reads at least: a batch costs every read model about the same, so under load fewer and larger ones leave the
processor to the commands. After a pause the first event is announced at once."""
LEASE: Final = 1.5
"""Seconds; a standby takes over from a leader that was silent for that long, and consumers read the gap from the log."""


class Relay:
    """One leads, others stand by. Announcing twice is harmless, so a leader that was paused needs no fence."""

    def __init__(self, database_url: str, publisher: ChunkPublisher, me: UUID) -> None:
        self._url = database_url
        self._publisher = publisher
        self._me = me
        self.published = 0
        self.head = 0
        self.leads = False
        self._beacon_at = 0.0
        self._read_at = 0.0

    async def run(self) -> None:
        """Until cancelled; reconnects by itself. Keeps no cursor: it goes on from the head."""
        while True:
            try:
                connection = await connect(self._url, name="relay")
                async with connection:
                    await self._follow(connection)
            except (psycopg.Error, OSError) as error:
                log.warning("the relay lost the database", extra={"error": repr(error)})
                await asyncio.sleep(0.3)

    async def _follow(self, connection: AsyncConnection[Any]) -> None:
        await connection.execute("listen daybook_log")
        try:
            while True:
                self.leads = await lead(connection, "relay", self._me, LEASE)
                if self.leads:
                    await self._lead(connection, time.monotonic() + LEASE / 3)
                else:
                    await asyncio.sleep(LEASE / 3)
                    self.published = 0
        finally:
            self.leads = False
            with contextlib.suppress(psycopg.Error, OSError):
                await resign(connection, "relay", self._me)

    async def _lead(self, connection: AsyncConnection[Any], until: float) -> None:
        """Announce what is appended, with a beacon first: one stretch of the lease."""
        log_id, self.head = await self._head(connection)
        self.published = self.published or self.head
        if time.monotonic() >= self._beacon_at:
            await self._publisher.publish(Chunk(log_id, self.head + 1, self.head, self.head))
            self._beacon_at = time.monotonic() + 1.0
        while time.monotonic() < until:
            await asyncio.sleep(max(0.0, self._read_at + PACE - time.monotonic()))
            self._read_at = time.monotonic()
            events = await self._read(connection)
            for chunk in chunks(log_id, max(self.head, self.published + len(events)), events):
                await self._publisher.publish(chunk)
                self.published = chunk.last
            if len(events) < READS:
                await self._wait(connection)

    async def _read(self, connection: AsyncConnection[Any]) -> list[Announced]:
        cursor = await connection.execute(READ, (self.published,), prepare=True, binary=True)
        return [Announced(*row) for row in await cursor.fetchall()]

    async def _head(self, connection: AsyncConnection[Any]) -> tuple[UUID, int]:
        row = await (await connection.execute(HEAD, prepare=True)).fetchone()
        if row is None:
            raise psycopg.OperationalError("the log has no identity")
        return row[0], row[1]

    @staticmethod
    async def _wait(connection: AsyncConnection[Any]) -> None:
        """Until something is appended, at most a tenth of a second (a missed notification costs no more than that)."""
        async for _ in connection.notifies(timeout=0.1, stop_after=1):
            pass
