"""Filling a build in PostgreSQL: COPY, sums and mark of a part in one transaction."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec
import psycopg

from infra.postgres.copy_rows import copy_in
from infra.postgres.row_table import ListEntry, RowTable
from infra.projection.checkpoint import Checkpoint
from infra.projection.filling import Plan, Told, note_parked, told_of
from infra.projection.folding import Parked
from infra.projection.partition import Partition
from projections.shared.read_model import ReadModel

PLAN: Final = -1
"""The number under which the plan stands among the parts."""
AT_ONCE: Final = 3
"""Indexes that are made at once: sorting for one of them keeps one core busy, and the folding is over."""
Connect = Callable[[], psycopg.Connection[Any]]


class TablePlace:
    """A build in PostgreSQL. `connection` is one of those that `connect` makes."""

    def __init__(self, connect: Connect, connection: psycopg.Connection[Any], model: ReadModel[Any], build: int) -> None:
        self._connect = connect
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
        told = told_of(folded)
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
        statements = self._table.index()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(self._index, (statements[nth::AT_ONCE] for nth in range(min(AT_ONCE, len(statements))))))
        self._run(f"analyze {', '.join((self._name, *self._table.beside()))}")
        with self._connection.transaction():
            note_parked(self._connection, self._model, self._build, parked)
            self._run(f"drop table {self._name}_fill")

    def _index(self, statements: Sequence[str]) -> None:
        with self._connect() as connection:
            connection.execute("set maintenance_work_mem = '64MB'")
            for statement in statements:
                connection.execute(statement.encode())
