"""A board of tasks that stands in PostgreSQL without a log, and what plain Python would list of it."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg

from infra.postgres.connections import LOOKUPS, SESSION
from infra.postgres.row_table import RowTable
from infra.postgres.tables import statement_of
from infra.projection.checkpoint import Checkpoint
from infra.projection.folding import changed_from
from projections.shared.reading import Freshness, SeenMany
from projections.tasks.task_board import TASK_BOARD
from projections.tasks.task_row import TaskRow
from projections.tasks.task_search import Filter, Place

LOG = UUID(int=1)


def make_board(connection: psycopg.Connection[Any], *, index: bool) -> None:
    """The empty first build of `task_board`, which queries see."""
    table = RowTable(TASK_BOARD, 1)
    connection.execute("insert into read_models (model, build, store, state, log_id) values (%s, 1, 'postgres', 'live', %s)", (TASK_BOARD.table, LOG))
    for statement in (*table.create(), *(table.index() if index else ()), *table.show()):
        connection.execute(statement.encode())


class Board:
    """The part of the `Tables` port that lists use, over a board that tests write themselves."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, options=SESSION + LOOKUPS)
        self._url = url
        self._table = RowTable(TASK_BOARD, 1)
        self.rows: dict[UUID, TaskRow] = {}

    def close(self) -> None:
        self._connection.close()

    async def put(self, *rows: TaskRow) -> None:
        """Write rows as live folding does, with all that is derived from them."""
        after: dict[Any, Any] = {row.id: row for row in rows}
        folded = changed_from(TASK_BOARD, {key: self.rows.get(key) for key in after}, after, [])
        at = Checkpoint(LOG, 0)
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True, options=SESSION) as connection:
            assert await self._table.apply(connection, folded, at, at, 0)
        self.rows |= after

    async def ask(self, model: Any, select: str, arguments: Sequence[Any], fresh: Freshness, beside: tuple[str, ...] = ()) -> SeenMany[Any]:
        statement = statement_of(model.row, select, beside)
        found = self._connection.execute(statement.encode(), (fresh.caller_id, *arguments, model.table), binary=True).fetchall()
        width = 5 + len(model.row.__struct_fields__)
        return SeenMany([model.row(*row[5:width]) for row in found if row[5] is not None], 0, beside=[row[width:] for row in found])


COLUMN = {"owner": "owner_id", "node": "assigned_node_id", "project": "project_id"}
SEVERAL = {"assignee": "assignee_ids", "watcher": "watcher_ids"}


def stands_in(row: TaskRow, place: Place) -> bool:
    """Whether a task is in a place."""
    if place.kind in SEVERAL:
        return place.of in getattr(row, SEVERAL[place.kind])
    return place.kind == "all" or getattr(row, COLUMN[place.kind]) == place.of


def fits(row: TaskRow, one: Filter) -> bool:
    """Whether a task meets a condition, in the words of Python."""
    text = f"{row.title} {row.description or ''}".lower()
    means: dict[str, Callable[[], bool]] = {
        "status": lambda: row.status in one.values,
        "priority": lambda: row.priority in one.values,
        "tag": lambda: bool(set(row.tags) & set(one.values)),
        "assignee": lambda: one.values[0] in row.assignee_ids,
        "owner": lambda: row.owner_id == one.values[0],
        "overdue": lambda: row.overdue is bool(one.values),
        "dead": lambda: row.dead is bool(one.values),
        "external": lambda: row.external_id == one.arguments[0],
        "due": lambda: row.due_date is not None and row.due_date >= one.arguments[0],
        "q": lambda: all(pattern.strip("%").lower() in text for pattern in one.arguments[0]),
    }
    return means[one.name]()
