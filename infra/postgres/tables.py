"""Read models in PostgreSQL as queries see them: rows, position and what they wait for from one statement (architecture §7)."""

import time
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec
import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests

from domain.shared.event import BY_CLASS
from domain.shared.refused import Overloaded
from infra.postgres.hot_reads import HotReads
from infra.redis.progress import Progress
from projections.shared.read_model import R, ReadModel
from projections.shared.reading import Freshness, PositionUnknown, ProjectionBehind, ProjectionNotReady, ProjectionParked, Seen, SeenMany

PATIENCE: Final = 2.0
"""Seconds a read waits for its model to catch up."""
BY_STREAM: Final = "select position from events where stream_id = %b order by version desc limit 1"
BY_CALLER: Final = "select position from events where actor_id = %b order by position desc limit 1"
BOTH: Final = f"select max(position) as position from (({BY_STREAM}) union all ({BY_CALLER})) newest"
FAR: Final = 10_000
"""Events after the model's position that are looked through for one that concerns it; further behind, it is behind whatever they are."""
BY_ANYBODY: Final = f"""select position from events where position > m.position and position <= m.position + {FAR}
    and (type = any(%b::text[]) or position = m.position + {FAR}) order by position desc limit 1"""


class PostgresTables:
    """The `Tables` port."""

    def __init__(self, reads: HotReads, progress: Progress) -> None:
        self._reads = reads
        self._progress = progress

    async def one(self, model: ReadModel[R], key: UUID, fresh: Freshness) -> Seen[R]:
        """The row of a key that is a stream, or tells its streams."""
        streams = (key,) if model.streams is None else model.streams(key)
        query, arguments = _one(model.table, model.key[0], model.row, len(streams)), (*streams, str(key), key, model.table)

        rows, told, stale = await self._read(model, query, arguments, fresh)
        if told.parked and not fresh.allow_stale:
            raise ProjectionParked
        row = rows[0]
        return Seen(None if row[HEAD + _key_at(model)] is None else model.row(*row[HEAD:]), told.position, stale or told.parked)

    async def many(self, model: ReadModel[R], where: LiteralString, arguments: Sequence[Any], fresh: Freshness) -> SeenMany[R]:
        """Rows by the rest of a SELECT."""
        return await self.ask(model, f"select * from {model.table} {where}", arguments, fresh)

    async def ask(
        self, model: ReadModel[R], select: LiteralString, arguments: Sequence[Any], fresh: Freshness, beside: tuple[LiteralString, ...] = ()
    ) -> SeenMany[R]:
        """Rows by a whole SELECT, and what it gives beside them."""
        newest, whose = _newest(model, fresh)
        rows, told, stale = await self._read(model, statement_of(model.row, select, beside, newest), (*whose, *arguments, model.table), fresh)
        key, end = HEAD + _key_at(model), HEAD + len(model.row.__struct_fields__)
        found = [model.row(*row[HEAD:end]) for row in rows if row[key] is not None]
        return SeenMany(found, told.position, stale, told.parked, [row[end:] for row in rows] if beside else ())

    async def sums(self, model: ReadModel[Any], groups: Sequence[str], fresh: Freshness) -> tuple[dict[str, dict[str, int]], int, bool]:
        """All sums of some groups."""
        newest, whose = _newest(model, fresh)
        rows, told, stale = await self._read(model, _sums(model.table, newest), (*whose, list(groups), model.table), fresh)
        found: dict[str, dict[str, int]] = {group: {} for group in groups}
        for group, name, number in (row[HEAD:] for row in rows):
            if group is not None:
                found[group][name] = number
        return found, told.position, stale

    async def _read(
        self, model: ReadModel[Any], query: str, arguments: Sequence[Any], fresh: Freshness
    ) -> tuple[list[tuple[Any, ...]], "_Told", bool]:
        until, wanted = time.monotonic() + PATIENCE, None
        while True:
            rows = await self._run(model, query, arguments)
            told = _Told(*rows[0][:HEAD])
            if told.state != "live" and not fresh.allow_stale:
                raise ProjectionNotReady
            if fresh.min_position > max(told.position, told.head):
                raise PositionUnknown
            # Of when it was asked for: where something happens all the time, what is newest by now is never reached.
            wanted = max(told.newest, fresh.min_position) if wanted is None else wanted
            if told.position >= wanted or told.state != "live":
                return rows, told, told.position < wanted
            left = until - time.monotonic()
            if fresh.allow_stale and left <= 0:
                return rows, told, True
            if left <= 0:
                raise ProjectionBehind
            await self._progress.next(model, left)

    async def _run(self, model: ReadModel[Any], query: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            rows = await self._reads(query, *arguments)
        except psycopg.errors.UndefinedTable as error:
            raise ProjectionNotReady from error
        except (PoolTimeout, TooManyRequests) as error:
            raise Overloaded from error
        if not rows:
            raise ProjectionNotReady(f"The read model {model.name} has not been built yet.")
        return rows


class _Told(msgspec.Struct, frozen=True):
    position: int
    state: str
    newest: int
    """Position of the newest event the answer must show: of the stream, or of the caller."""
    parked: bool
    head: int


HEAD: Final = len(_Told.__struct_fields__)


def _key_at(model: ReadModel[Any]) -> int:
    names: tuple[str, ...] = model.row.__struct_fields__
    return names.index(model.key[0])


def _columns(row: type[msgspec.Struct]) -> str:
    return ", ".join(f"r.{name}" for name in row.__struct_fields__)


@cache
def _one(table: str, key: str, row: type[msgspec.Struct], streams: int) -> str:
    return f"""
        select m.position, m.state, coalesce(n.position, 0), p.key is not null, (select coalesce(max(position), 0) from events), {_columns(row)}
        from read_models m
        left join lateral ({newest_of(streams)}) n on true
        left join lateral (select key from parked where model = m.model and build = m.build and key = %b limit 1) p on true
        left join {table} r on r.{key} = %b
        where m.model = %b and m.state in ('live', 'diverged', 'stopped')"""


@lru_cache(2_000)
def statement_of(row: type[msgspec.Struct], select: str, beside: tuple[str, ...], newest: str = BY_CALLER) -> str:
    """The whole statement of `ask`: what a select gives, where its model stands, and how far it should be."""
    return _beside(", ".join((_columns(row), *(f"r.{name}" for name in beside))), select, newest)


@cache
def _sums(table: str, newest: str) -> str:
    select = f'select "group", name, number from {table}_groups where "group" = any(%b::text[]) and number <> 0'
    return _beside('r."group", r.name, r.number', select, newest)


@cache
def newest_of(streams: int) -> str:
    """What finds the position of the newest event of so many streams."""
    return BY_STREAM if streams == 1 else f"select max(position) as position from ({' union all '.join([f'({BY_STREAM})'] * streams)}) newest"


@cache
def _names(model: ReadModel[Any]) -> list[str]:
    return [BY_CLASS[kind].name for kind in model.listens]


def _newest(model: ReadModel[Any], fresh: Freshness) -> tuple[str, tuple[Any, ...]]:
    """What finds the newest event that an answer must show, and its arguments."""
    if fresh.of_anybody:
        return BY_ANYBODY, (_names(model),)
    if fresh.stream_id is None:
        return BY_CALLER, (fresh.caller_id,)
    return (BY_STREAM, (fresh.stream_id,)) if fresh.caller_id is None else (BOTH, (fresh.stream_id, fresh.caller_id))


def _beside(columns: str, select: str, newest: str) -> str:
    """What a select gives, and beside it where the model stands and how far it should be."""
    return f"""
        select m.position, m.state, coalesce(n.position, 0), exists (select from parked p where p.model = m.model and p.build = m.build),
               (select coalesce(max(position), 0) from events), {columns}
        from read_models m
        left join lateral ({newest}) n on true
        left join lateral ({select}) r on true
        where m.model = %b and m.state in ('live', 'diverged', 'stopped')"""
