"""Looking through the log by actor, stream and type: each look is one short statement over a bounded part of it."""

from typing import Any, Final
from uuid import UUID

from infra.postgres.hot_reads import HotReads
from infra.serialization.mapper import UNKNOWN, Unreadable, read
from projections.audit.event_log import Found, Logged

LOOKED_AT: Final = 10_000
"""Events of an actor, a stream or the whole log that one look goes through in search of a type."""


class PostgresEventLog:
    """The `EventLog` port."""

    def __init__(self, reads: HotReads) -> None:
        self._reads = reads

    async def look(self, *, actor: UUID | None, stream_id: UUID | None, name: str | None, after: int, limit: int) -> Found:
        """Through the index of the actor or the stream, else by position."""
        sought = [value for value in (actor, stream_id) if value is not None]
        query = statement(by_actor=actor is not None, of_stream=stream_id is not None)
        rows = await self._reads(query, after, *sought, LOOKED_AT, name, name, limit)
        number, upto, head = rows[0][:3]
        events = [_logged(*row[3:]) for row in rows if row[3] is not None]
        if len(events) == limit:
            return Found(events, events[-1].position, head)
        return Found(events, upto if number == LOOKED_AT else None, head)


def statement(*, by_actor: bool, of_stream: bool) -> str:
    """Looks at the next events of an actor, a stream or the whole log, and shows those of a type."""
    where = (" and actor_id = %b" if by_actor else "") + (" and stream_id = %b" if of_stream else "")
    order = "version" if of_stream else "position"  # The same order; each has its index.
    return f"""
        with looked as (
            select position, type from events where position > %b{where} order by {order} limit %b),
        reached as (
            select count(*) as number, coalesce(max(position), 0) as upto, (select coalesce(max(position), 0) from events) as head from looked),
        found as (
            select e.* from looked l join events e using (position) where %b::text is null or l.type = %b order by l.position limit %b)
        select r.number, r.upto, r.head, f.position, f.stream_id, f.version, f.type, f.data, f.metadata, f.actor_id, f.recorded_at
        from reached r left join found f on true order by f.position"""


def _logged(position: int, stream_id: UUID, version: int, name: str, data: Any, metadata: Any, actor: UUID | None, at: Any) -> Logged:
    event = read(name, bytes(data), bytes(metadata))
    return Logged(position, stream_id, version, name, UNKNOWN if isinstance(event, Unreadable) else event, actor, at)
