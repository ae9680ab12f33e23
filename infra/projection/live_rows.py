"""The rows, sums and keys of a build as they are served now, each answer from one moment, for those who check them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from infra.postgres.row_table import RowTable
from infra.projection.builds import NoSuchBuild
from infra.projection.folding import listed
from infra.projection.workshop import Workshop
from infra.redis.row_cache import RowCache
from projections.shared.read_model import Key, ReadModel, Row, key_text

PAGE = 1000
Sums = dict[tuple[str, str], int]


class LiveRows(Protocol):
    """One build, wherever it is. All raise `Damaged` where rows were lost."""

    async def sums(self) -> tuple[int, Sums]:
        """Position and sums."""

    async def snapshot(self, keys: Sequence[Key]) -> tuple[int, dict[Key, Row]]:
        """Position and rows of at most 1,000 keys."""

    def keys(self) -> AsyncIterator[list[Key]]:
        """All keys, page by page."""

    async def misplaced(self, rows: Mapping[Key, Row]) -> list[Key]:
        """Those of these rows, as they were just seen, that do not stand where they should in lists or sorted sets."""


class InPostgres:
    """A build in PostgreSQL."""

    def __init__(self, tools: Workshop, model: ReadModel[Any], build: int) -> None:
        self._pool = tools.pool
        self._model = model
        self._table = RowTable(model, build)

    async def sums(self) -> tuple[int, Sums]:
        """Position and sums."""
        async with self._pool.connection() as connection:
            return await self._table.sums(connection)

    async def snapshot(self, keys: Sequence[Key]) -> tuple[int, dict[Key, Row]]:
        """Position and rows."""
        async with self._pool.connection() as connection:
            return await self._table.snapshot(connection, keys)

    async def keys(self) -> AsyncIterator[list[Key]]:
        """All keys."""
        after: Key | None = None
        while True:
            async with self._pool.connection() as connection:
                _, rows = await self._table.page(connection, after, PAGE)
            if rows:
                yield list(rows)
            if len(rows) < PAGE:
                return
            after = list(rows)[-1]

    async def misplaced(self, rows: Mapping[Key, Row]) -> list[Key]:
        """Rows that do not stand in one of their lists; rows that have changed meanwhile are left out."""
        stands = [(name, key) for key, row in rows.items() for name in listed(self._model, row)]
        if not stands:
            return []
        async with self._pool.connection() as connection:
            found, missing = await self._table.unlisted(connection, list(rows), stands)
        return [key for key, row in rows.items() if key in missing and found.get(key) == row]


class InRedis:
    """A build in Redis."""

    def __init__(self, tools: Workshop, model: ReadModel[Any], build: int) -> None:
        self._model = model
        self._cache = RowCache(tools.redis, model, build)

    async def sums(self) -> tuple[int, Sums]:
        """Position and sums."""
        await self._cache.checkpoint()
        return await self._cache.sums()

    async def snapshot(self, keys: Sequence[Key]) -> tuple[int, dict[Key, Row]]:
        """Position and rows."""
        return await self._cache.snapshot(keys)

    async def keys(self) -> AsyncIterator[list[Key]]:
        """All keys, each at least once."""
        cursor = 0
        while True:
            cursor, rows = await self._cache.page(cursor, PAGE)
            yield [self._model.key_of(row) for row in rows]
            if cursor == 0:
                return

    async def misplaced(self, rows: Mapping[Key, Row]) -> list[Key]:
        """Rows whose scores are others than in the sorted sets; rows that have changed meanwhile are left out."""
        if self._model.scores is None or not rows:
            return []
        stands = [(key, name, score) for key, row in rows.items() for name, score in self._model.scores(row).items()]
        async with self._cache.redis.pipeline(transaction=True) as pipe:
            self._cache.ask_rows(pipe, [key_text(key) for key in rows])
            for key, name, _ in stands:
                pipe.zscore(f"{self._cache.prefix}z:{name}", key_text(key))
            found, *scores = await pipe.execute()
        same = {key for (key, row), value in zip(rows.items(), found, strict=True) if value is not None and self._cache.row(value) == row}
        return list({key for (key, _, score), there in zip(stands, scores, strict=True) if key in same and there != score})


def live_rows(tools: Workshop, model: ReadModel[Any], build: int) -> LiveRows:
    """The rows of a build."""
    return InPostgres(tools, model, build) if model.store == "postgres" else InRedis(tools, model, build)


async def served(tools: Workshop, model: ReadModel[Any]) -> LiveRows:
    """The rows that queries see; raises `NoSuchBuild`."""
    live = next(iter(await tools.builds.of(model.table, "live", "diverged")), None)
    if live is None:
        raise NoSuchBuild(f"{model.name} has no live build: start the consumers once")
    return live_rows(tools, model, live.build)
