"""Searching the log for a person: window by window, so that neither a statement nor its answer grows with the log."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.postgres.log_reader import COLUMNS, recorded
from projections.identity.export import Trace

WINDOW: Final = 20_000
"""Positions one statement looks at: some 10 ms."""
PART: Final = 500
SEARCH: Final = f"""
    select {COLUMNS} from events
    where position > %b and position <= %b and (actor_id = %b or stream_id = %b or position(%b::bytea in data) > 0)
    order by position limit {PART}"""


class PostgresTraces:
    """The `Traces` port. Other people's events name this person by id, as JSON writes it."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def of(self, person_id: UUID, upto: int) -> AsyncIterator[Sequence[Trace]]:
        """All that there is, oldest first."""
        written, after = str(person_id).encode(), 0
        while after < upto:
            end = min(after + WINDOW, upto)
            async with self._pool.connection() as connection:
                cursor = await connection.execute(SEARCH, (after, end, person_id, person_id, written), binary=True)
                rows = await cursor.fetchall()
            if rows:
                yield [Trace(row[3], recorded(row)) for row in rows]
            after = rows[-1][0] if len(rows) == PART else end
