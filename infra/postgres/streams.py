"""Loading streams: the newest valid snapshot and the events after it, in one round trip (C4), one stream or many."""

import asyncio
import contextlib
import hashlib
import inspect
from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg

from application.shared.ports import A
from domain.shared.aggregate import Aggregate
from infra.postgres.arrays import Ints, Uuids
from infra.postgres.hot_reads import HotReads
from infra.postgres.known_states import Known, KnownStates
from infra.serialization import mapper

EVERY: Final = 200
"""Events read after a snapshot before the next one is taken."""
NO_FOLD: Final = b""
"""The hash of no fold: snapshots are not looked for."""
LOAD: Final = """
with start as (
    select s.version, s.position, s.state from snapshots s join events e on e.stream_id = s.stream_id and e.version = s.version
    where s.stream_id = %b and s.fold = %b and e.position = s.position order by s.version desc limit 1)
select version, position, null as type, state as data, null as metadata from start
union all
(select version, position, type, data, metadata from events
 where stream_id = %b and version > coalesce((select version from start), 0) order by version)"""
AFTER: Final = "select version, position, type, data, metadata from events where stream_id = %b and version >= %b order by version"
AFTER_MANY: Final = """
select w.id, e.version, e.position, e.type, e.data, e.metadata from unnest(%b, %b) as w(id, version) cross join lateral (
    select version, position, type, data, metadata from events where stream_id = w.id and version >= w.version order by version) e"""
LOAD_MANY: Final = """
with wanted as materialized (select distinct id from unnest(%b) as wanted(id)), start as materialized (
    select w.id, s.version, s.position, s.state from wanted w cross join lateral (
        select s.version, s.position, s.state from snapshots s join events e on e.stream_id = s.stream_id and e.version = s.version
        where s.stream_id = w.id and s.fold = %b and e.position = s.position order by s.version desc limit 1) s)
select id, version, position, null as type, state as data, null as metadata from start
union all
select w.id, e.version, e.position, e.type, e.data, e.metadata from wanted w left join start s on s.id = w.id cross join lateral (
    select version, position, type, data, metadata from events
    where stream_id = w.id and version > coalesce(s.version, 0) order by version) e"""
TOGETHER: Final = 500
"""Streams read with one statement."""
KEEP: Final = """
with kept as (insert into snapshots (stream_id, fold, version, position, state) values (%b, %b, %b, %b, %b) on conflict do nothing)
delete from snapshots s where s.stream_id = %b and s.fold = %b and s.version < (
    select max(newest.version) from snapshots newest where newest.stream_id = s.stream_id and newest.fold = s.fold)"""


class Streams:
    """Reads streams; takes snapshots of long ones outside the command path. Snapshots are disposable."""

    def __init__(self, reads: HotReads) -> None:
        self._reads = reads
        self._known = KnownStates()
        self._snapshots: set[asyncio.Task[None]] = set()

    async def load(self, kind: type[A], stream_id: UUID) -> tuple[A, int]:
        """State and position of the last event; (version 0, 0) for a stream that has not begun."""
        known = self._known.get(kind, stream_id)
        further = None if known is None else self._further(kind, known, await self._reads(AFTER, stream_id, known.state.version))
        if further is not None:
            return further
        return await self._state(kind, stream_id, await self._rows(stream_id, fold_of(kind)))

    async def _state(self, kind: type[A], stream_id: UUID, rows: Sequence[tuple[Any, ...]]) -> tuple[A, int]:
        try:
            state, events = _replayed(kind, stream_id, rows)
        except msgspec.DecodeError:  # perhaps it is the snapshot that cannot be read: without it, then
            rows = await self._rows(stream_id, NO_FOLD)
            state, events = _replayed(kind, stream_id, rows)
        position = rows[-1][1] if rows else 0
        if kind.busy and state.version:
            self._known.remember(kind, state, position, rows[-1][3] if rows[-1][2] is not None else None)
        if events >= EVERY:
            self._keep(stream_id, fold_of(kind), state, position)
        return state, position

    async def load_many(self, kind: type[A], stream_ids: Sequence[UUID]) -> list[tuple[A, int]]:
        """The same of many streams, in their order."""
        wanted = list(dict.fromkeys(stream_ids))
        known = {stream_id: known for stream_id in wanted if (known := self._known.get(kind, stream_id)) is not None}
        after = await self._together(list(known), AFTER_MANY, lambda ids: (Ints(known[one].state.version for one in ids),))
        near = {stream_id: further for stream_id, rows in after.items() if (further := self._further(kind, known[stream_id], rows)) is not None}
        found = await self._together([one for one in wanted if one not in near], LOAD_MANY, lambda _: (fold_of(kind),))
        read = {stream_id: await self._state(kind, stream_id, rows) for stream_id, rows in found.items()} | near
        return [read[stream_id] for stream_id in wanted]

    async def _together(
        self, stream_ids: Sequence[UUID], query: str, further: Callable[[Sequence[UUID]], tuple[Any, ...]]
    ) -> dict[UUID, list[tuple[Any, ...]]]:
        """The rows of many streams, those of each in order, with a few statements; `further` gives what else a statement wants."""
        found: dict[UUID, list[tuple[Any, ...]]] = {stream_id: [] for stream_id in stream_ids}
        for first in range(0, len(stream_ids), TOGETHER):
            some = stream_ids[first : first + TOGETHER]
            for stream_id, *row in await self._reads(query, Uuids(some), *further(some)):
                found[stream_id].append(tuple(row))
        return {stream_id: sorted(rows, key=itemgetter(0)) for stream_id, rows in found.items()}

    def _further(self, kind: type[A], known: Known, read: Sequence[tuple[Any, ...]]) -> tuple[A, int] | None:
        """A state that is known, and what came after it; None where the log does not know it (any more), or says something else there: a log
        that was restored and went on may have other events in the same places.
        """
        state, position = known.state, known.position
        last, *rows = read or [()]
        if last[:2] != (state.version, position) or known.said not in {None, last[3]}:
            self._known.forget(kind, state.id)
            return None
        after = state.after(*(mapper.decode(name, data, metadata) for _, _, name, data, metadata in rows))
        if rows:
            position = rows[-1][1]
            self._known.remember(kind, after, position, rows[-1][3])
            if after.version // EVERY > state.version // EVERY:
                self._keep(state.id, fold_of(kind), after, position)
        return after, position  # type: ignore[return-value]  # It is remembered under its kind.

    async def _rows(self, stream_id: UUID, fold: bytes) -> list[tuple[Any, ...]]:
        return await self._reads(LOAD, stream_id, fold, stream_id)

    def _keep(self, stream_id: UUID, fold: bytes, state: Aggregate, position: int) -> None:
        task = asyncio.create_task(self._write(stream_id, fold, state, position), name="snapshot")
        self._snapshots.add(task)
        task.add_done_callback(self._snapshots.discard)

    async def _write(self, stream_id: UUID, fold: bytes, state: Aggregate, position: int) -> None:
        encoded = msgspec.json.encode(state)
        with contextlib.suppress(psycopg.Error):  # disposable: the next load takes it again
            await self._reads(KEEP, stream_id, fold, state.version, position, encoded, stream_id, fold)

    async def stop(self) -> None:
        """Let snapshots that are being written end."""
        await asyncio.gather(*self._snapshots, return_exceptions=True)


def _replayed(kind: type[A], stream_id: UUID, rows: Sequence[tuple[Any, ...]]) -> tuple[A, int]:
    """The state that rows of `LOAD` come to, and how many of them are events."""
    state = kind(id=stream_id)
    events = []
    for version, _, name, data, metadata in rows:
        if name is None:
            state = msgspec.json.decode(data, type=kind)
        else:
            events.append(mapper.decode(name, data, metadata))
            if version != state.version + len(events):
                raise RuntimeError(f"stream {stream_id} has version {version} where {state.version + len(events)} was expected")
    return state.after(*events), len(events)


@cache
def fold_of(kind: type[Aggregate]) -> bytes:
    """Hash of the code that folds, inherited parts included: another fold does not read this one's snapshots."""
    modules = [inspect.getmodule(base) for base in kind.__mro__ if issubclass(base, Aggregate)]
    sources = [inspect.getsource(module) for module in modules if module is not None]
    return hashlib.sha256("\n".join([kind.__qualname__, *sources]).encode()).digest()[:16]
