"""What a list touches, as the server itself says: its statement, explained while it is carried out."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql

from infra.postgres.connections import LOOKUPS, SESSION
from infra.postgres.tables import statement_of
from projections.shared.read_model import R, ReadModel
from projections.shared.reading import Freshness, SeenMany

PLANS: Final = ("force_custom_plan", "force_generic_plan")
"""A statement is planned for its values at first, and for any values once it was asked often: both must hold."""


class Touched(msgspec.Struct, frozen=True):
    """What one statement did: rows and entries of lists it looked at (those it threw away too), lines it gave, milliseconds, its scans."""

    rows: int
    entries: int
    lines: int
    ms: float
    scans: tuple[str, ...]
    pages: int


class Explaining:
    """The part of the `Tables` port that lists use; it remembers what each statement touched."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, options=SESSION + LOOKUPS)
        self.touched: list[Touched] = []

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    async def ask(self, model: ReadModel[R], select: str, arguments: Sequence[Any], fresh: Freshness, beside: tuple[str, ...] = ()) -> SeenMany[R]:
        """Rows by a whole SELECT, explained by every way to plan it."""
        statement = statement_of(model.row, select, beside)
        values = (fresh.caller_id, *arguments, model.table)
        width = len(model.row.__struct_fields__)
        self.touched = [self._explained(model.table, statement, values, plan) for plan in PLANS]
        rows = self._connection.execute(statement.replace("%", "%%").replace("%%b", "%b").encode(), values, binary=True).fetchall()
        found = [model.row(*row[5 : 5 + width]) for row in rows if row[5] is not None]
        return SeenMany(found, 0, beside=[row[5 + width :] for row in rows])

    def _explained(self, table: str, statement: str, values: Sequence[Any], plan: str) -> Touched:
        number = iter(range(1, 1000))
        prepared = re.sub("%b", lambda _: f"${next(number)}", statement)
        execute = sql.SQL("explain (analyze, buffers, format json) execute asked ({})").format(sql.SQL(", ").join(map(sql.Literal, values)))
        with self._connection.transaction():
            self._connection.execute(f"set local plan_cache_mode = {plan}".encode())
            self._connection.execute(f"prepare asked as {prepared}".encode())
            told = self._connection.execute(execute).fetchone()
            self._connection.execute("deallocate asked")
        assert told is not None
        return _read(table, msgspec.json.decode(told[0])[0])


def _read(table: str, told: dict[str, Any]) -> Touched:
    rows = entries = 0
    scans: list[str] = []
    for node in nodes(told["Plan"]):
        relation = str(node.get("Relation Name", ""))
        if not relation.startswith(table):
            continue
        loops = node["Actual Loops"]
        thrown = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        looked = round((node["Actual Rows"] + thrown) * loops)
        if relation.endswith("_lists"):
            entries += looked
        else:
            rows += looked
        scans.append(node.get("Index Name", node["Node Type"]).removeprefix(relation).strip("_"))
    pages = told["Plan"]["Shared Hit Blocks"] + told["Plan"]["Shared Read Blocks"]
    return Touched(rows, entries, round(told["Plan"]["Actual Rows"]), told["Execution Time"], tuple(dict.fromkeys(scans)), pages)


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a plan and all below it."""
    yield node
    for child in node.get("Plans", ()):
        yield from nodes(child)
