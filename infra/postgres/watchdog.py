"""The watchdog of the append lock: whoever holds it far too long is ended, so that the others can write again (A7)."""

from datetime import timedelta
from typing import Any, Final

from psycopg import AsyncConnection

TOO_LONG: Final = timedelta(seconds=10)


async def release_stuck_lock(connection: AsyncConnection[Any], too_long: timedelta = TOO_LONG) -> list[int]:
    """End the backend that holds the append lock for longer than this, unless it waits for a replica.

    Answers the process ids that were told to end (none, as a rule). A process that the operating system has stopped ends
    when it runs again. Raises psycopg.Error where the database cannot be reached.
    """
    cursor = await connection.execute("select daybook.release_stuck_lock(%s)", (too_long,))
    return [row[0] for row in await cursor.fetchall()]
