"""Comparing what is served with what the log says, part by part, while everything goes on."""

import asyncio
import os
import typing
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from infra.projection.builds import NoSuchBuild
from infra.projection.bulk_read import BulkReader, Raw, decoder, needs_metadata
from infra.projection.fill import BYTES, EVENTS
from infra.projection.live_rows import LiveRows, live_rows
from infra.projection.partition import Partition, owner, part_of, parts_of
from infra.projection.spool import Spool, by_stream
from infra.projection.watch import Watch
from infra.projection.workshop import Workshop, in_thread, workshop
from infra.settings import Settings
from projections.shared.read_model import Key, ReadModel, Row, key_text

SLICE: Final = 1000
SHOWN: Final = 20
TRIES: Final = 3


class Moved(Exception):
    """The live rows went back to an earlier position: the read model was refilled or switched while it was verified."""


class Difference(msgspec.Struct, frozen=True):
    """A key and what is wrong with it: `missing`, `extra`, or field → [served, by the log]."""

    key: str
    what: Any


class Verified(msgspec.Struct, frozen=True):
    """What was found: rows compared, keys and sums that differ (the first 20 with what differs), keys left out since they are parked."""

    model: str
    build: int
    position: int
    rows: int
    differing: int
    differences: list[Difference]
    wrong_sums: list[Difference]
    parked: list[str]

    @property
    def is_right(self) -> bool:
        """Whether nothing differs."""
        return self.differing == 0 and not self.wrong_sums


async def verify(settings: Settings, model: ReadModel[Any], watch: Watch | None = None) -> Verified:
    """Recompute the live build from the log and compare. Raises `NoSuchBuild`, `Damaged`, `Moved`, `Stopped`."""
    watch = watch or Watch()
    async with workshop(settings) as tools:
        for attempt in range(1, TRIES + 1):
            try:
                return await _Verification(tools, model, watch).run()
            except Moved:
                if attempt == TRIES:
                    raise
    raise AssertionError


class _Verification:
    def __init__(self, tools: Workshop, model: ReadModel[Any], watch: Watch) -> None:
        self._shop = tools
        self._model = model
        self._watch = watch
        self._differences: dict[str, Difference] = {}
        self._sums: dict[tuple[str, str], int] = {}
        self._rows = 0

    async def run(self) -> Verified:
        live = next(iter(await self._shop.builds.of(self._model.table, "live", "diverged")), None)
        if live is None:
            raise NoSuchBuild(f"{self._model.name} has no live build")
        served = live_rows(self._shop, self._model, live.build)
        at, sums = await served.sums()
        limits = await self._shop.builds.parked_at(self._model.table, live.build)
        with BulkReader(self._shop.settings.database_url) as reader:
            spool, keys = await self._spool(reader, served, at)
            try:
                for part in range(spool.parts):
                    await self._part(reader, served, spool, part, at, limits, keys.read(part))
            finally:
                spool.remove()
        parked = await self._shop.builds.parked_at(self._model.table, live.build)
        differences = [one for key, one in self._differences.items() if key not in parked]
        return Verified(
            self._model.name,
            live.build,
            at,
            self._rows,
            len(differences),
            differences[:SHOWN],
            self._wrong_sums(sums),
            sorted(parked),
        )

    async def _spool(self, reader: BulkReader, served: LiveRows, at: int) -> "tuple[Spool, _Keys]":
        model = self._model
        parts = max(1, -(-at // EVENTS), -(-reader.log_bytes() // BYTES))
        log_id = reader.head().log_id
        spool = Spool(log_id, f"{model.table}-verify-{os.getpid()}-{id(self)}", parts, has_metadata=needs_metadata(model))
        decode = decoder(model)

        def by_keys(row: Raw) -> Iterable[int]:
            try:
                return parts_of(model.keys(next(decode((bytes(row),)))), parts)
            except Exception:  # noqa: BLE001 — every part has to know that this stream is parked
                return range(parts)

        def write() -> None:
            rows = self._watch.over(reader.raw(model, 0, at), "reading", at)
            spool.write(rows, by_stream(parts) if model.key_is_stream else by_keys, "verify")

        await in_thread(write, self._watch)
        keys = _Keys(spool, model)
        async for page in served.keys():
            keys.write(page)
        return spool, keys

    async def _part(
        self, reader: BulkReader, served: LiveRows, spool: Spool, part: int, at: int, limits: dict[str, int], there: Iterable[Key]
    ) -> None:
        model, decode, all_of_it = self._model, decoder(self._model), spool.parts
        expected = Partition(model, owner(model, all_of_it, part), limits)

        def begin() -> dict[Key, None]:
            base = part * at // all_of_it
            expected.feed(decode(self._watch.step(base, at).over(spool.read(part), "folding", at)))
            for name, number in (*expected.sums().items(), *expected.list_lengths().items()):
                self._sums[name] = self._sums.get(name, 0) + number
            return dict.fromkeys((*expected.rows, *there))

        wanted = list(await in_thread(begin, self._watch))
        self._rows += len(expected.rows)
        position = at
        for start in range(0, len(wanted), SLICE):
            self._watch.check()
            keys = wanted[start : start + SLICE]
            seen, rows = await served.snapshot(keys)
            if seen < position:
                raise Moved(f"{model.name} went back to an earlier position while it was verified: try again")
            if seen > position:
                after = position
                await asyncio.to_thread(lambda after=after, seen=seen: expected.feed(decode(reader.raw(model, after, seen))))  # type: ignore[misc]  # the defaults bind the loop's values
                position = seen
            self._compare(keys, rows, expected)
            for key in await served.misplaced(rows):
                self._note(key, "not where it should be in a list or sorted set")
        for one in expected.failed.values():
            self._differences.setdefault(one.key, Difference(one.key, f"cannot be folded: {one.error}"))

    def _compare(self, keys: Sequence[Key], rows: dict[Key, Row], expected: Partition) -> None:
        for key in keys:
            row, right = rows.get(key), expected.rows.get(key)
            if row != right:
                self._note(key, _what(row, right))

    def _note(self, key: Key, what: Any) -> None:
        self._differences.setdefault(key_text(key), Difference(key_text(key), what))

    def _wrong_sums(self, served: dict[tuple[str, str], int]) -> list[Difference]:
        wrong = []
        for name in sorted({*served, *self._sums}):
            one, other = served.get(name, 0), self._sums.get(name, 0)
            if one != other:
                wrong.append(Difference("/".join(name), [one, other]))
        return wrong


def _what(row: Row | None, right: Row | None) -> Any:
    if row is None:
        return "missing"
    if right is None:
        return "extra"
    pairs = {name: (getattr(row, name), getattr(right, name)) for name in row.__struct_fields__}
    return {name: [served, by_log] for name, (served, by_log) in pairs.items() if served != by_log}


class _Keys:
    """The keys that are served, in one file per part, so that what should not be there is found."""

    def __init__(self, spool: Spool, model: ReadModel[Any]) -> None:
        self._spool = spool
        self._model = model
        hints = typing.get_type_hints(model.row)
        kinds = tuple(hints[name] for name in model.key)
        self._decode = msgspec.json.Decoder(kinds[0] if len(kinds) == 1 else tuple[kinds]).decode  # type: ignore[valid-type]  # built at run time

    def write(self, keys: Iterable[Key]) -> None:
        lines: dict[int, list[bytes]] = {}
        for key in keys:
            lines.setdefault(part_of(self._model, key, self._spool.parts), []).append(msgspec.json.encode(key))
        for part, some in lines.items():
            with (self._spool.folder / f"{part:05}.keys").open("ab") as file:
                file.write(b"\n".join(some) + b"\n")

    def read(self, part: int) -> Iterator[Key]:
        path = self._spool.folder / f"{part:05}.keys"
        if path.exists():
            with path.open("rb") as file:
                for line in file:
                    yield self._decode(line)
