"""Events that a reaction failed on: kept aside so that everything else goes on, and tried again whenever the reaction starts (R3)."""

from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool


class ParkedEvents:
    """The parked events of one reaction, by position. What was derived from them has derived ids, so trying again is harmless."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], reaction: str) -> None:
        self._pool = pool
        self._reaction = reaction

    async def positions(self) -> list[int]:
        """Where they stand, in order."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute("select position from parked where model = %s order by position", (self._reaction,))
            return [row[0] for row in await cursor.fetchall()]

    async def park(self, position: int, error: Exception) -> None:
        """Put an event aside, with the reason."""
        async with self._pool.connection() as connection:
            await connection.execute(
                """insert into parked (model, build, key, position, error) values (%s, 0, %s, %s, %s)
                   on conflict (model, build, key) do update set error = excluded.error""",
                (self._reaction, f"event:{position}", position, repr(error)[:500]),
            )

    async def unpark(self, position: int) -> None:
        """The reaction has done with it."""
        async with self._pool.connection() as connection:
            await connection.execute("delete from parked where model = %s and position = %s", (self._reaction, position))
