"""Rows that are kept twice: read from Redis as far as they provably are as new as the log, else from PostgreSQL, and nobody notices.

Redis may be away, emptied, restored, of another log or a moment behind. What is lost then is speed. Those who want one row at one moment
share one look at Redis: each measures by itself whether that is new enough.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import msgspec
from prometheus_client import Counter
from redis.asyncio import Redis

from infra.postgres.tables import newest_of
from infra.redis.fallback import Fallback
from projections.shared.read_model import R, ReadModel, key_text
from projections.shared.reading import Freshness, Seen, Tables

READS: Final = Counter("daybook_cache_reads_total", "Rows read from Redis (hit), and those PostgreSQL was asked for instead.", ["model", "outcome"])
FIND: Final = """
local build = redis.call('GET', KEYS[1])
if not build then return {} end
local prefix = KEYS[2] .. build .. ':'
local meta = redis.call('HMGET', prefix .. 'meta', 'log', 'position', 'rows')
if not meta[2] or tonumber(meta[3]) ~= redis.call('HLEN', prefix .. 'rows') then return {} end
return {meta[1], meta[2], redis.call('HGET', prefix .. 'rows', ARGV[1])}
"""
Reads = Callable[..., Awaitable[Sequence[Any]]]
Cached = tuple[bytes, int, bytes | None]
"""Of which log, at which position, and the row as JSON."""


class Newest(msgspec.Struct, frozen=True):
    """What an answer is measured by: which log this is, where the newest event of the row's streams stands, and whether the row is parked."""

    log_id: UUID
    position: int
    parked: bool


class RedisTwins:
    """The `Twins` port."""

    def __init__(self, redis: Redis, reads: Reads, tables: Tables) -> None:
        self._find = redis.register_script(FIND)
        self._reads = reads
        self._tables = tables
        self._fallback = Fallback("cache")
        self._under_way: dict[tuple[str, UUID], asyncio.Future[Cached]] = {}

    async def one(self, cache: ReadModel[R], table: ReadModel[R], key: UUID, fresh: Freshness) -> Seen[R]:
        """The row of a key."""
        newest, (log_id, position, value) = await asyncio.gather(self._newest(cache, key), self._shared(cache, key))
        if log_id == str(newest.log_id).encode() and position >= max(newest.position, fresh.min_position) and not newest.parked:
            with suppress(msgspec.DecodeError):  # Somebody wrote into Redis by hand, or a bit of it is wrong.
                seen = Seen(None if value is None else msgspec.json.decode(value, type=cache.row), position)
                READS.labels(cache.name, "hit").inc()
                return seen
        READS.labels(cache.name, "miss").inc()
        return await self._tables.one(table, key, fresh)

    async def _shared(self, cache: ReadModel[Any], key: UUID) -> Cached:
        look = self._under_way.get((cache.table, key))
        if look is None:
            look = asyncio.ensure_future(self._fallback(lambda: self._cached(cache, key), _nothing))
            self._under_way[cache.table, key] = look
            look.add_done_callback(lambda _: self._under_way.pop((cache.table, key), None))
        return await asyncio.shield(look)

    async def _cached(self, cache: ReadModel[Any], key: UUID) -> Cached:
        found: list[Any] = await self._find(keys=[f"{{{cache.table}}}:active", f"{{{cache.table}}}:b"], args=[key_text(key)])
        return (found[0], int(found[1]), found[2]) if found and found[1].isdigit() else await _nothing()

    async def _newest(self, cache: ReadModel[Any], key: UUID) -> Newest:
        streams = (key,) if cache.streams is None else cache.streams(key)
        query = f"""select log_id, coalesce((select position from ({newest_of(len(streams))}) n), 0),
            exists (select from parked where model = %b and key = any(%b::text[])) from log_identity"""
        parked = [key_text(key), *(f"stream:{stream}" for stream in streams)]
        ((log_id, position, is_parked),) = await self._reads(query, *streams, cache.table, parked)
        return Newest(log_id, position, is_parked)


async def _nothing() -> Cached:
    return b"", 0, None
