"""A lease row for work that one process does best alone; only an optimisation, so losing it in a pause does no harm (L4)."""

from typing import Any
from uuid import UUID

from psycopg import AsyncConnection


async def lead(connection: AsyncConnection[Any], name: str, me: UUID, seconds: float) -> bool:
    """Take or keep the lease for some seconds of the database's clock; False while another holds it."""
    cursor = await connection.execute(
        """insert into leases as l (name, holder, epoch, held_until) values (%s, %s, 1, clock_timestamp() + make_interval(secs => %s))
           on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until,
               epoch = case when l.holder = excluded.holder then l.epoch else l.epoch + 1 end
           where l.holder = excluded.holder or l.held_until < clock_timestamp() returning 1""",
        (name, me, seconds),
    )
    return await cursor.fetchone() is not None


async def resign(connection: AsyncConnection[Any], name: str, me: UUID) -> None:
    """Let the next one take over at once."""
    await connection.execute("update leases set held_until = clock_timestamp() where name = %s and holder = %s", (name, me))
