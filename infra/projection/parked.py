"""Keys whose fold failed: which there are, and folding them again after the fix (R3)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from domain.shared.event import Recorded
from infra.postgres.row_table import RowTable
from infra.projection.bulk_read import BulkReader, decoder
from infra.projection.checkpoint import Checkpoint
from infra.projection.folding import changed_from
from infra.projection.leases import Build
from infra.projection.partition import Partition
from infra.projection.watch import Watch
from infra.projection.workshop import Busy, Workshop, in_thread, workshop
from infra.settings import Settings
from projections.shared.read_model import Key, ReadModel, Row, key_text

TRIES = 20


class ParkedKey(msgspec.Struct, frozen=True):
    """A parked key of a build: the first event that could not be folded into it, why, and since when."""

    model: str
    build: int
    key: str
    position: int
    error: str
    since: datetime


class Replayed(msgspec.Struct, frozen=True):
    """How many keys of a build are right again, and how many failed again."""

    model: str
    build: int
    mended: int
    parked: int


async def parked_keys(settings: Settings) -> list[ParkedKey]:
    """All parked keys, by read model and position."""
    async with workshop(settings) as tools, tools.pool.connection() as connection:
        cursor = await connection.execute("select model, build, key, position, error, parked_at from parked order by model, build, position, key")
        return [ParkedKey(*row) for row in await cursor.fetchall()]


async def replay(settings: Settings, model: ReadModel[Any], watch: Watch | None = None) -> list[Replayed]:
    """Fold the parked keys of every build of a model again, from the log. What fails again stays parked. Raises `Busy`, `Stopped`."""
    watch = watch or Watch()
    async with workshop(settings) as tools:
        builds = [build for build in await tools.builds.of(model.table, "live", "previous", "ready") if build.parked]
        with BulkReader(settings.database_url) as reader:
            return [await _Replay(tools, model, build, reader, watch).run() for build in builds]


class _Replay:
    """Most of the log is read while the build is being folded; only the last bit while its lease is taken."""

    def __init__(self, tools: Workshop, model: ReadModel[Any], build: Build, reader: BulkReader, watch: Watch) -> None:
        self._shop = tools
        self._model = model
        self._build = build
        self._reader = reader
        self._watch = watch
        self._keys: set[str] = set()
        self._real: dict[str, Key] = {}
        self._folded, self._at = Partition(model), 0
        self._decode = decoder(model)

    async def run(self) -> Replayed:
        tools, model, number = self._shop, self._model, self._build.build
        await self._begin()
        await self._go_to((await tools.stands(model, self._build)).position)
        for _ in range(TRIES):
            held = await tools.builds.take(model.table, number)
            try:
                if model.store == "redis":
                    await tools.cache(model, number).fence(held.epoch)  # Else a busy holder would always be a step ahead.
                stands = await tools.stands(model, held)
                await self._go_to(stands.position)
                known = set(await tools.builds.parked_at(model.table, number)) <= self._keys
                if known and await self._write(held, stands):
                    failed = [key for key in self._folded.failed if key in self._keys]
                    return Replayed(model.name, number, len(self._keys) - len(failed), len(failed))
            finally:
                await tools.builds.release(held)
            if not known:
                await self._begin()
        raise Busy(f"{model.name} is parking keys faster than they can be mended")

    async def _begin(self) -> None:
        parked = await self._shop.builds.parked_at(self._model.table, self._build.build)
        await in_thread(lambda: self._find(parked), self._watch)
        self._folded, self._at = Partition(self._model, self._owns), 0

    def _owns(self, key: Key) -> bool:
        text = key_text(key)
        if text in self._keys:
            self._real[text] = key
            return True
        return False

    async def _go_to(self, position: int) -> None:
        if position > self._at:
            await in_thread(lambda: self._folded.feed(self._events(self._at, position)), self._watch)
            self._at = position

    def _find(self, parked: dict[str, int]) -> None:
        """The keys to fold again: the parked ones, and those that events touch whose keys could not be told."""
        streams = {text.partition(":")[2] for text in parked if text.startswith("stream:")}
        self._keys = set(parked)
        if streams:
            for recorded in self._events(0, self._reader.head().position):
                if str(recorded.stream_id) in streams:
                    self._keys |= self._touched(recorded)

    def _touched(self, recorded: Recorded[Any]) -> set[str]:
        try:
            return {key_text(key) for key in self._model.keys(recorded)}
        except Exception:  # noqa: BLE001 — it still cannot be told; the stream stays parked
            return set()

    def _events(self, after: int, last: int) -> Iterable[Recorded[Any]]:
        return self._decode(self._watch.over(self._reader.raw(self._model, after, last), "reading", last))

    async def _write(self, held: Build, stands: Checkpoint) -> bool:
        """Rows, sums, and the list of parked keys, at the very position the build stands at."""
        model, folded = self._model, self._folded
        keys = list(self._real.values())
        old = await self._shop.store(model, held.build).load(keys)
        before: dict[Key, Row | None] = {key: old.get(key) for key in keys}
        after: dict[Key, Row | None] = {key: folded.rows.get(key) for key in keys}
        failed = [one for one in folded.failed.values() if one.key in self._keys or one.key.startswith("stream:")]
        change = changed_from(model, before, after, failed)
        forget = ("delete from parked where model = %s and build = %s", (model.table, held.build))
        if model.store == "redis":
            if await self._shop.cache(model, held.build).apply(change, stands, stands, held.epoch) != "ok":
                return False
            async with self._shop.pool.connection() as connection, connection.transaction():
                await connection.execute(*forget)
                await self._note(connection, held.build, failed)
            return True
        async with self._shop.pool.connection() as connection, connection.transaction() as whole:
            await connection.execute(*forget)
            done = await RowTable(model, held.build).apply(connection, change, stands, stands, held.epoch)
            if not done:
                whole.force_rollback = True
        return done

    async def _note(self, connection: Any, build: int, failed: Iterable[Any]) -> None:
        for one in failed:
            await connection.execute(
                "insert into parked (model, build, key, position, error) values (%s, %s, %s, %s, %s)",
                (self._model.table, build, one.key, one.position, one.error),
            )
