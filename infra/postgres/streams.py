"""Loading streams: the newest valid snapshot and the events after it, in one round trip (C4), one stream or many."""

import asyncio
import contextlib
import hashlib
import inspect
from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg

from application.shared.ports import A
from domain.shared.aggregate import Aggregate
from infra.postgres.arrays import Uuids
from infra.postgres.hot_reads import HotReads
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
        self._snapshots: set[asyncio.Task[None]] = set()

    async def load(self, kind: type[A], stream_id: UUID) -> tuple[A, int]:
        """State and position of the last event; (version 0, 0) for a stream that has not begun."""
        return await self._state(kind, stream_id, await self._rows(stream_id, fold_of(kind)))

    async def _state(self, kind: type[A], stream_id: UUID, rows: Sequence[tuple[Any, ...]]) -> tuple[A, int]:
        try:
            state, events = _replayed(kind, stream_id, rows)
        except msgspec.DecodeError:  # perhaps it is the snapshot that cannot be read: without it, then
            rows = await self._rows(stream_id, NO_FOLD)
            state, events = _replayed(kind, stream_id, rows)
        position = rows[-1][1] if rows else 0
        if events >= EVERY:
            self._keep(stream_id, fold_of(kind), state, position)
        return state, position

    async def load_many(self, kind: type[A], stream_ids: Sequence[UUID]) -> list[tuple[A, int]]:
        """The same of many streams, in their order."""
        found: dict[UUID, list[tuple[Any, ...]]] = {stream_id: [] for stream_id in stream_ids}
        wanted = list(found)
        for first in range(0, len(wanted), TOGETHER):
            for stream_id, *row in await self._reads(LOAD_MANY, Uuids(wanted[first : first + TOGETHER]), fold_of(kind)):
                found[stream_id].append(tuple(row))
        return [await self._state(kind, stream_id, sorted(rows, key=itemgetter(0))) for stream_id, rows in found.items()]

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
