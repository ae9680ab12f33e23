"""Where a fill writes: rows of one part after another, each marked as finished together with its rows, then the position."""

import asyncio
import inspect
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec
import psycopg

import application
import domain
import projections
from infra.postgres.connections import SESSION, SOCKET
from infra.postgres.copy_rows import copy_in
from infra.postgres.row_table import ListEntry, RowTable
from infra.projection.checkpoint import Checkpoint
from infra.projection.folding import Folded, Parked
from infra.projection.partition import Partition
from infra.redis.clients import client
from infra.redis.row_cache import Damaged, RowCache, in_slices
from projections.shared.read_model import ReadModel

PLAN: Final = -1
"""The number under which the plan stands among the parts."""
SLICE: Final = 1000


class Plan(msgspec.Struct, frozen=True):
    """What is being filled; finished parts count only for the plan they were made by. `limits`: keys known to be parked."""

    log_id: UUID
    position: int
    code: str
    parts: int
    limits: dict[str, Parked] = {}

    def same_but_parts(self, other: "Plan") -> bool:
        """Whether parts made by the other plan are good for this one."""
        return (self.log_id, self.position, self.code, self.limits) == (other.log_id, other.position, other.code, other.limits)


class Told(msgspec.Struct, frozen=True):
    """What a finished part has to say: the keys it parks, what its rows add to the sums, how many rows they are."""

    failed: list[Parked]
    sums: list[tuple[str, str, int]]
    rows: int


class Place(Protocol):
    """A build that is being filled."""

    def begin(self, plan: Plan) -> Plan:
        """The plan to follow: the one begun earlier if it is the same, else this one, with everything else removed."""

    def done(self) -> dict[int, Told]:
        """The finished parts."""

    def write(self, part: int, folded: Partition) -> Told:
        """Rows of a part, and the mark that it is finished."""

    def finish(self, at: Checkpoint, parked: Iterable[Parked]) -> None:
        """Sums, indexes, parked keys and, last, the position."""


def code_of(model: ReadModel[Any]) -> str:
    """A hash of the model's version and of all code a fold can reach; parts folded by other code are not used."""
    files = {Path(inspect.getfile(model.fold))}
    for package in (domain, application, projections):
        files.update(Path(package.__path__[0]).rglob("*.py"))
    return sha256(b"\n".join((model.table.encode(), *(file.read_bytes() for file in sorted(files))))).hexdigest()


def connected(url: str) -> psycopg.Connection[Any]:
    """A connection of one thread for writing."""
    return psycopg.connect(url, autocommit=True, options=SESSION, application_name="daybook-fill", **SOCKET)


def _told(folded: Partition) -> Told:
    return Told(list(folded.failed.values()), [(*name, number) for name, number in sorted(folded.sums().items())], len(folded.rows))


def note_parked(connection: psycopg.Connection[Any], model: ReadModel[Any], build: int, parked: Iterable[Parked]) -> None:
    """Replace the list of parked keys of a build."""
    connection.execute("delete from parked where model = %s and build = %s", (model.table, build))
    rows = [(model.table, build, one.key, one.position, one.error) for one in parked]
    with connection.cursor() as cursor:
        cursor.executemany("insert into parked (model, build, key, position, error) values (%s, %s, %s, %s, %s)", rows)


class TablePlace:
    """In PostgreSQL: COPY, sums and mark of a part in one transaction."""

    def __init__(self, connection: psycopg.Connection[Any], model: ReadModel[Any], build: int) -> None:
        self._connection = connection
        self._model = model
        self._build = build
        self._table = RowTable(model, build)
        self._name = f"read_models.{self._table.name}"

    def _run(self, query: str, *arguments: Any) -> psycopg.Cursor[Any]:
        # Names of tables come from the read models' code.
        return self._connection.execute(query.encode(), arguments or None)

    def begin(self, plan: Plan) -> Plan:
        """Begin or go on."""
        with self._connection.transaction():
            self._run(f"create table if not exists {self._name}_fill (part integer primary key, told text not null)")
            row = self._run(f"select told from {self._name}_fill where part = {PLAN}").fetchone()
            begun = None if row is None else msgspec.json.decode(row[0], type=Plan)
            if begun is not None and begun.same_but_parts(plan):
                return begun
            self._run(f"truncate {', '.join((self._name, *self._table.beside()))}, {self._name}_fill")
            self._run(f"insert into {self._name}_fill values ({PLAN}, %s)", msgspec.json.encode(plan).decode())
        return plan

    def done(self) -> dict[int, Told]:
        """The finished parts."""
        rows = self._run(f"select part, told from {self._name}_fill where part <> {PLAN}").fetchall()
        return {part: msgspec.json.decode(told, type=Told) for part, told in rows}

    def write(self, part: int, folded: Partition) -> Told:
        """A part: rows by COPY, sums added, mark."""
        told = _told(folded)
        with self._connection.transaction():
            copy_in(self._connection, self._name, self._table.columns, folded.rows.values())
            if self._model.lists is not None:
                stands = (ListEntry(name, key) for key, row in folded.rows.items() for name in self._model.lists(row))
                copy_in(self._connection, f"{self._name}_lists", self._table.list_columns, stands)
            self._run(
                f"""insert into {self._name}_groups as g select s."group", s.name, s.number
                    from json_populate_recordset(null::{self._name}_groups, %s::json) s order by 1, 2
                    on conflict ("group", name) do update set number = g.number + excluded.number""",
                msgspec.json.encode([{"group": group, "name": name, "number": number} for group, name, number in told.sums]).decode(),
            )
            self._run(f"insert into {self._name}_fill values (%s, %s)", part, msgspec.json.encode(told).decode())
        return told

    def finish(self, at: Checkpoint, parked: Iterable[Parked]) -> None:
        """Indexes and the list of parked keys."""
        del at  # It is noted in the build's row, together with its state.
        self._run("set maintenance_work_mem = '128MB'")
        for statement in self._table.index():
            self._run(statement)
        self._run(f"analyze {', '.join((self._name, *self._table.beside()))}")
        with self._connection.transaction():
            note_parked(self._connection, self._model, self._build, parked)
            self._run(f"drop table {self._name}_fill")


class CachePlace:
    """In Redis: absolute rows in scripts of at most 1,000, then the mark; sums and the position at the end."""

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
        told = _told(folded)
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


@contextmanager
def place(database_url: str, redis_url: str, model: ReadModel[Any], build: int, epoch: int) -> Iterator[TablePlace | CachePlace]:
    """The place of a build, with connections of its own."""
    with connected(database_url) as connection:
        if model.store == "postgres":
            yield TablePlace(connection, model, build)
            return
        with asyncio.Runner() as runner:
            cache = CachePlace(connection, redis_url, model, build, epoch, runner)
            try:
                yield cache
            finally:
                cache.close()
