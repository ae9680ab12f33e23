"""What rebuilding, verifying and replaying need while they run: connections of their own, and work in a thread that can be stopped."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis

from infra.postgres.connections import pool
from infra.postgres.log_reader import LogReader
from infra.projection.builds import Builds
from infra.projection.checkpoint import Checkpoint
from infra.projection.leases import Build
from infra.projection.stores import CacheStore, Store, TableStore
from infra.projection.watch import Watch
from infra.redis.clients import client
from infra.redis.row_cache import RowCache
from infra.settings import Settings
from projections.shared.read_model import ReadModel

Result = TypeVar("Result")


class Busy(Exception):
    """Somebody else is at this read model already."""


class Workshop(msgspec.Struct, frozen=True):
    """Connections of one piece of work."""

    settings: Settings
    pool: AsyncConnectionPool[AsyncConnection[Any]]
    redis: Redis
    builds: Builds
    reader: LogReader

    def store(self, model: ReadModel[Any], build: int) -> Store:
        """Where a build's rows are."""
        if model.store == "postgres":
            return TableStore(self.pool, model, build)
        return CacheStore(self.redis, self.pool, model, build)

    def cache(self, model: ReadModel[Any], build: int) -> RowCache:
        """A build in Redis."""
        return RowCache(self.redis, model, build)

    async def stands(self, model: ReadModel[Any], build: Build) -> Checkpoint:
        """How far a build has come, by its rows; raises `Damaged`."""
        return await self.store(model, build.build).stands(build)

    async def one(self, model: ReadModel[Any], build: int) -> Build | None:
        """A build as it is now."""
        return next((one for one in await self.builds.all() if (one.model, one.build) == (model.table, build)), None)

    async def tended(self, reaction: str) -> int:
        """Up to which position a reaction has done its work; 0 where it is not known yet."""
        found = await self.builds.of(f"reaction:{reaction}", "live", "diverged")
        return found[0].checkpoint.position if found else 0

    @asynccontextmanager
    async def alone(self, model: ReadModel[Any]) -> AsyncIterator[None]:
        """Only one rebuild of a read model at a time, on all machines; raises `Busy`. A process that is killed lets go."""
        async with self.pool.connection() as connection:
            row = await (await connection.execute("select pg_try_advisory_lock(7710, hashtext(%s))", (model.table,))).fetchone()
            if row is None or not row[0]:
                raise Busy(f"{model.name} is being rebuilt already")
            try:
                yield
            finally:
                await connection.execute("select pg_advisory_unlock(7710, hashtext(%s))", (model.table,))


@asynccontextmanager
async def workshop(settings: Settings, me: UUID | None = None) -> AsyncIterator[Workshop]:
    """Open it."""
    redis = client(settings.redis_url)
    try:
        async with pool(settings.database_url, name="rebuild", size=2) as connections:
            yield Workshop(settings, connections, redis, Builds(connections, me or uuid4()), LogReader(connections))
    finally:
        await asyncio.shield(redis.aclose())  # Even when this work is cancelled meanwhile.


async def in_thread(work: Callable[[], Result], watch: Watch) -> Result:
    """Do it in a thread; when this task is cancelled, the work is told to stop and waited for."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        watch.stop.set()
        while not running.done():
            with suppress(asyncio.CancelledError):  # Told more than once: a thread cannot be left alone with what it writes.
                await asyncio.wait([running])
        running.exception()  # Seen: it is not of interest any more.
        raise
