"""Read models in Redis as queries see them: rows and position from one script, waiting until they are fresh enough (R4)."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.shared.refused import Overloaded
from infra.redis.progress import Progress
from projections.shared.read_model import R, ReadModel
from projections.shared.reading import Freshness, PositionUnknown, ProjectionBehind, ProjectionNotReady, SeenMany

PATIENCE: Final = 2.0
T = TypeVar("T")
GROUPS: Final = """
local build = redis.call('GET', KEYS[1])
if not build then return {false, {}} end
local prefix = KEYS[2] .. build .. ':'
return {redis.call('HGET', prefix .. 'meta', 'position'), redis.call('HMGET', prefix .. 'groups', unpack(ARGV))}
"""
LOWEST: Final = """
local build = redis.call('GET', KEYS[1])
if not build then return {false, {}} end
local prefix = KEYS[2] .. build .. ':'
local keys = redis.call('ZRANGE', prefix .. 'z:' .. ARGV[1], 0, tonumber(ARGV[2]) - 1)
local rows = {}
if #keys > 0 then rows = redis.call('HMGET', prefix .. 'rows', unpack(keys)) end
return {redis.call('HGET', prefix .. 'meta', 'position'), rows}
"""


class RedisCaches:
    """The `Caches` port."""

    def __init__(self, redis: Redis, progress: Progress, newest_of: Callable[[UUID | None], Awaitable[tuple[int, int]]]) -> None:
        self._progress = progress
        self._newest_of = newest_of
        self._groups = redis.register_script(GROUPS)
        self._lowest = redis.register_script(LOWEST)

    async def groups(
        self, model: ReadModel[Any], groups: Sequence[str], names: Sequence[str], fresh: Freshness
    ) -> tuple[dict[str, dict[str, int]], int, bool]:
        """Sums by group and name, the position they show, and whether they are stale."""
        fields = [f"{group}\t{name}" for group in groups for name in names]

        async def read() -> tuple[int | None, list[Any]]:
            found: tuple[int | None, list[Any]] = await self._groups(keys=self._keys(model), args=fields)
            return found

        values, position, stale = await self._read(model, read, fresh)
        numbers = iter(int(value or 0) for value in values)
        return {group: {name: next(numbers) for name in names} for group in groups}, position, stale

    async def lowest(self, model: ReadModel[R], name: str, limit: int, fresh: Freshness) -> SeenMany[R]:
        """The rows that stand first in a sorted set."""
        decode = msgspec.json.Decoder(model.row).decode

        async def read() -> tuple[int | None, list[Any]]:
            found: tuple[int | None, list[Any]] = await self._lowest(keys=self._keys(model), args=[name, limit])
            return found

        values, position, stale = await self._read(model, read, fresh)
        return SeenMany([decode(value) for value in values if value is not None], position, stale)

    async def moved(self, model: ReadModel[Any], timeout: float) -> None:
        """Until the model has moved, or it is time to look anyway; raises `Overloaded` when this process ends."""
        if self._progress.is_ending:
            raise Overloaded
        await self._progress.next(model, timeout)

    @staticmethod
    def _keys(model: ReadModel[Any]) -> list[str]:
        return [f"{{{model.table}}}:active", f"{{{model.table}}}:b"]

    async def _read(
        self, model: ReadModel[Any], read: Callable[[], Awaitable[tuple[int | None, list[Any]]]], fresh: Freshness
    ) -> tuple[list[Any], int, bool]:
        asked = fresh.caller_id is not None or fresh.min_position > 0
        newest, head = await self._newest_of(fresh.caller_id) if asked else (0, 0)
        if fresh.min_position > head:
            raise PositionUnknown
        wanted = max(fresh.min_position, newest)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                told, values = await read()
            except (RedisError, OSError) as error:
                raise ProjectionNotReady from error
            left = until - time.monotonic()
            if told is not None and (int(told) >= wanted or (fresh.allow_stale and left <= 0)):
                return values, int(told), int(told) < wanted
            if left <= 0:
                raise ProjectionNotReady if told is None else ProjectionBehind
            await self._progress.next(model, left)
