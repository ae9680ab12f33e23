"""Filling a build in Redis: absolute rows in scripts of at most 1,000, then the mark; sums and the position at the end."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import psycopg

from infra.projection.checkpoint import Checkpoint
from infra.projection.filling import Plan, Told, note_parked, told_of
from infra.projection.folding import Folded, Parked
from infra.projection.partition import Partition
from infra.redis.clients import client
from infra.redis.row_cache import Damaged, RowCache, in_slices
from projections.shared.read_model import ReadModel

SLICE: Final = 1000


class CachePlace:
    """A build in Redis."""

    def __init__(
        self, connection: psycopg.Connection[Any], redis_url: str, model: ReadModel[Any], build: int, epoch: int, runner: asyncio.Runner
    ) -> None:
        self._connection = connection
        self._model = model
        self._build = build
        self._epoch = epoch
        self._runner = runner
        self._redis = client(redis_url)
        self._cache = RowCache(self._redis, model, build)
        self._plan: Plan | None = None

    def close(self) -> None:
        """Close the client."""
        self._runner.run(self._redis.aclose())

    def begin(self, plan: Plan) -> Plan:
        """Begin or go on."""
        return self._runner.run(self._begin(plan))

    async def _begin(self, plan: Plan) -> Plan:
        begun = await self._cache.filling()
        known = None if begun is None else msgspec.json.decode(begun, type=Plan)
        if known is None or not known.same_but_parts(plan):
            known = plan
            if not await self._cache.begin(self._epoch, msgspec.json.encode(plan).decode()):
                raise Damaged
        self._plan = known
        return known

    def done(self) -> dict[int, Told]:
        """The finished parts."""
        return {part: msgspec.json.decode(told, type=Told) for part, told in self._runner.run(self._cache.filled()).items()}

    def follow(self, plan: Plan) -> None:
        """Go on with a plan that another process has begun."""
        self._plan = plan

    def write(self, part: int, folded: Partition) -> Told:
        """A part: rows, then the mark; its sums are kept in the mark."""
        told = told_of(folded)
        self._runner.run(self._write(part, folded, told))
        return told

    async def _write(self, part: int, folded: Partition, told: Told) -> None:
        for rows in in_slices(folded.rows.items(), SLICE):
            await self._put(Folded(after=dict(rows)), None)
        await self._cache.mark(part, msgspec.json.encode(told).decode())

    async def _put(self, folded: Folded, at: Checkpoint | None) -> None:
        assert self._plan is not None
        stands = at or Checkpoint(self._plan.log_id, self._plan.position)
        outcome = await self._cache.apply(folded, None, stands, self._epoch, final=at is not None, fill=msgspec.json.encode(self._plan).decode())
        if outcome != "ok":
            raise Damaged

    def finish(self, at: Checkpoint, parked: Iterable[Parked]) -> None:
        """The list of parked keys, all sums, and the position last; raises `Damaged` when rows are missing."""
        with self._connection.transaction():
            note_parked(self._connection, self._model, self._build, parked)
        self._runner.run(self._finish(at))

    async def _finish(self, at: Checkpoint) -> None:
        total: dict[tuple[str, str], int] = {}
        done = {part: msgspec.json.decode(told, type=Told) for part, told in (await self._cache.filled()).items()}
        for told in done.values():
            for group, name, number in told.sums:
                total[group, name] = total.get((group, name), 0) + number
        sums = [(name, number) for name, number in sorted(total.items()) if number]
        for start in range(0, len(sums), SLICE):
            await self._put(Folded(sums=dict(sums[start : start + SLICE])), None)
        if await self._cache.rows() != sum(told.rows for told in done.values()):
            raise Damaged  # Redis lost some while it was filled
        await self._put(Folded(), at)
        await self._cache.forget_fill()
