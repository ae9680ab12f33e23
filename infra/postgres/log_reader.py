"""Reading the log by position: short reads, no long cursor (L1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from domain.shared.event import Recorded
from infra.projection.checkpoint import Checkpoint
from infra.serialization.mapper import read

COLUMNS: Final = "position, stream_id, version, type, data, metadata, actor_id, recorded_at"


def recorded(row: tuple[Any, ...]) -> Recorded[Any]:
    """A row of `COLUMNS` as a recorded event."""
    position, stream_id, version, name, data, metadata, actor_id, at = row
    return Recorded(position, stream_id, version, read(name, data, metadata), actor_id, at)


class LogReader:
    """Reads ranges of the log, its head, and whether a checkpoint still belongs to it."""

    def __init__(self, readers: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._readers = readers

    async def _rows(self, query: Any, *arguments: Any) -> list[tuple[Any, ...]]:
        async with self._readers.connection() as connection:
            cursor = await connection.execute(query, arguments, prepare=True, binary=True)
            return await cursor.fetchall()

    async def head(self) -> Checkpoint:
        """The newest event's checkpoint."""
        rows = await self._rows(
            """select l.log_id, coalesce(e.position, 0), e.stream_id, e.version from log_identity l
               left join lateral (select * from events order by position desc limit 1) e on true"""
        )
        return Checkpoint(*rows[0])

    async def before_first(self, types: Sequence[str]) -> Checkpoint:
        """The checkpoint just before the first event of one of these types; the head where there is none."""
        rows = await self._rows(
            """with first as (select min(position) as position from events where type = any(%b))
               select l.log_id, coalesce(e.position, 0), e.stream_id, e.version from log_identity l cross join first
               left join lateral (select * from events where position < first.position or first.position is null
                                  order by position desc limit 1) e on true""",
            list(types),
        )
        return Checkpoint(*rows[0])

    async def after(self, position: int, limit: int) -> list[Recorded[Any]]:
        """Up to `limit` events after a position, in order."""
        rows = await self._rows(f"select {COLUMNS} from events where position > %b order by position limit %b", position, limit)
        return [recorded(row) for row in rows]

    async def stream(self, stream_id: UUID, upto: int) -> list[Recorded[Any]]:
        """The events of one stream up to a position of the log, in order."""
        query = f"select {COLUMNS} from events where stream_id = %b and position <= %b order by version"
        return [recorded(row) for row in await self._rows(query, stream_id, upto)]

    async def streams(self, stream_ids: Sequence[UUID], upto: int) -> list[Recorded[Any]]:
        """The events of several streams up to a position of the log, each stream in order."""
        query = f"select {COLUMNS} from events where stream_id = any(%b) and position <= %b order by stream_id, version"
        return [recorded(row) for row in await self._rows(query, list(stream_ids), upto)]

    async def beginning(self, stream_id: UUID, until: int | datetime) -> list[Recorded[Any]]:
        """The events of one stream up to one of its versions, or those recorded up to a moment, in order."""
        limit = "version" if isinstance(until, int) else "recorded_at"
        query = f"select {COLUMNS} from events where stream_id = %b and {limit} <= %b order by version"
        return [recorded(row) for row in await self._rows(query, stream_id, until)]

    async def belongs(self, checkpoint: Checkpoint) -> bool:
        """Whether the checkpoint's event is in this log at its position."""
        rows = await self._rows(
            """select log_id = %b and (%b = 0 or exists (
                   select from events where position = %b and stream_id = %b and version = %b)) from log_identity""",
            checkpoint.log_id,
            checkpoint.position,
            checkpoint.position,
            checkpoint.stream_id,
            checkpoint.version,
        )
        return bool(rows[0][0])
