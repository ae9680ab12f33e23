"""One face for the two places a build of a read model can live in."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Any, Final, Protocol

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis

from infra.postgres.row_table import RowTable
from infra.projection.checkpoint import Checkpoint
from infra.projection.folding import Folded
from infra.projection.leases import Build
from infra.redis.row_cache import Damaged, RowCache
from projections.shared.read_model import Key, ReadModel, Row

REMEMBERED: Final = 20_000


class Store(Protocol):
    """Where a build's rows are."""

    @property
    def cache(self) -> RowCache | None:
        """What moves its position, where that is kept in Redis."""

    def forget(self) -> None:
        """A lease begins: others may have written meanwhile, so nothing that was remembered of this build counts."""

    async def stands(self, build: Build) -> Checkpoint:
        """The checkpoint of the rows; raises `Damaged` when rows were lost."""

    async def load(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows of keys, where there are any."""

    async def apply(self, folded: Folded, old: Checkpoint, new: Checkpoint, epoch: int) -> bool:
        """Write a step; False when the position was not `old` any more."""


class TableStore:
    """A build in PostgreSQL."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], model: ReadModel[Any], build: int) -> None:
        self._pool = pool
        self._table = RowTable(model, build)

    @property
    def cache(self) -> None:
        """The position is in the table `read_models`."""

    def forget(self) -> None:
        """Nothing is remembered here."""

    async def stands(self, build: Build) -> Checkpoint:
        """The checkpoint is kept in the build's row, moved with the rows."""
        return build.checkpoint

    async def load(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows of keys."""
        async with self._pool.connection() as connection:
            return await self._table.load(connection, keys)

    async def apply(self, folded: Folded, old: Checkpoint, new: Checkpoint, epoch: int) -> bool:
        """Rows, sums, parked keys and position in one statement."""
        async with self._pool.connection() as connection:
            return await self._table.apply(connection, folded, old, new, epoch)


class CacheStore:
    """A build in Redis; its parked keys are kept in PostgreSQL."""

    def __init__(self, redis: Redis, pool: AsyncConnectionPool[AsyncConnection[Any]], model: ReadModel[Any], build: int) -> None:
        self._pool = pool
        self._redis = redis
        self._model = model
        self._build = build
        self._cache = RowCache(redis, model, build)

    @property
    def cache(self) -> RowCache:
        """What moves its position."""
        return self._cache

    def forget(self) -> None:
        """The cache remembers the sums it wrote last."""
        self._cache = RowCache(self._redis, self._model, self._build)

    async def stands(self, build: Build) -> Checkpoint:  # noqa: ARG002 — as in TableStore.
        """The checkpoint is kept beside the rows in Redis."""
        found = await self._cache.checkpoint()
        if found is None:
            raise Damaged
        return found[0]

    async def load(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows of keys."""
        return await self._cache.load(keys)

    async def apply(self, folded: Folded, old: Checkpoint, new: Checkpoint, epoch: int) -> bool:
        """Parked keys first (noting one twice is harmless), then everything else in one script; raises `Damaged`."""
        if folded.parked:
            async with self._pool.connection() as connection, connection.cursor() as cursor:
                await cursor.executemany(
                    "insert into parked (model, build, key, position, error) values (%s, %s, %s, %s, %s) on conflict do nothing",
                    [(self._model.table, self._build, one.key, one.position, one.error) for one in folded.parked],
                )
        outcome = await self._cache.apply(folded, old, new, epoch)
        if outcome == "damaged":
            raise Damaged
        return outcome == "ok"


class Remembered:
    """Rows a consumer has just read or written, so that the next batch need not read them. Valid while its lease is."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: OrderedDict[Key, Row | None] = OrderedDict()

    async def rows(self, keys: Sequence[Key], unheard_of: Collection[Key]) -> dict[Key, Row | None]:
        """The rows of keys, None where there is none; those that nobody has heard of are not looked for."""
        missing = [key for key in keys if key not in self._rows and key not in unheard_of]
        if missing:
            found = await self._store.load(missing)
            self._rows.update((key, found.get(key)) for key in missing)
        return {key: self._rows.get(key) for key in keys}

    def update(self, after: dict[Key, Row | None]) -> None:
        """Learn what was written."""
        for key, row in after.items():
            self._rows[key] = row
            self._rows.move_to_end(key)
        while len(self._rows) > REMEMBERED:
            self._rows.popitem(last=False)

    def forget(self) -> None:
        """Drop everything: somebody else may have written."""
        self._rows.clear()
