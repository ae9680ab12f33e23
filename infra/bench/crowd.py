"""Very many tasks as they might be: a few owners, projects and nodes with more than a tenth of them, and many small ones."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import psycopg

from infra.postgres.copy_rows import copy_in
from infra.postgres.row_table import ListEntry, RowTable
from projections.tasks.task_board import TASK_BOARD, lists
from projections.tasks.task_row import TaskRow

LAST: Final = datetime(2026, 11, 1, tzinfo=UTC)
SPAN: Final = timedelta(days=730)
PIECE: Final = 50_000
STATUSES: Final = ("completed", "pending", "in_progress", "in_review", "failed", "cancelled")
BY_STATUS: Final = (60, 20, 10, 4, 4, 2)
PRIORITIES: Final = ("medium", "low", "high", "urgent")
BY_PRIORITY: Final = (60, 20, 15, 5)
TAGS: Final = ("fan", "paint", "wiring", "billing", "safety", "night shift", "spare parts", "customer")
WORDS: Final = ("replace", "check", "order", "clean", "paint", "move", "call", "the", "fan", "rack", "door", "pump", "panel", "report")
RARE: Final = "quagga"
"""A word that one title in 20,000 has."""


def somebody(kind: int, number: int) -> UUID:
    """The id of an owner (1), a project (2), a node (3) or a helper (4); number 0 is the one that has very many tasks."""
    return UUID(int=(kind << 112) | (7 << 76) | (2 << 62) | number)


OWNER, PROJECT, NODE, HELPER = (somebody(kind, 0) for kind in (1, 2, 3, 4))
FEW: Final = somebody(1, 11)
"""An owner like most."""


def crowd(tasks: int) -> Iterator[TaskRow]:
    """The rows of so many tasks, the oldest first; always the same ones."""
    dice = random.Random(7)  # noqa: S311 — nothing secret.
    step = SPAN / tasks
    for nth in range(tasks):
        yield _task(dice, LAST - SPAN + step * nth, nth, tasks)


def _task(dice: random.Random, at: datetime, nth: int, tasks: int) -> TaskRow:
    status = dice.choices(STATUSES, BY_STATUS)[0]
    is_open = status in {"pending", "in_progress", "in_review"}
    due = at + timedelta(days=dice.randrange(60)) if dice.random() < 0.4 else None
    owner = _one_of(dice, 1, 0.14, tasks // 50)
    word = f" {RARE}" if nth % 20_000 == 11 else ""
    return TaskRow(
        id=UUID(int=int(at.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | dice.getrandbits(62)),
        version=dice.randrange(1, 9),
        owner_id=owner,
        title=" ".join(dice.choices(WORDS, k=5)) + word,
        priority=dice.choices(PRIORITIES, BY_PRIORITY)[0],
        status=status,
        created_at=at,
        updated_at=at + timedelta(hours=dice.randrange(500)),
        description=" ".join(dice.choices(WORDS, k=20)) if dice.random() < 0.5 else None,
        payload=msgspec.Raw(b'{"rack":12}') if dice.random() < 0.2 else None,
        external_id=f"ticket-{nth}" if nth % 3 == 0 else None,
        assigned_node_id=_one_of(dice, 3, 0.5, 50) if dice.random() < 0.25 else None,
        due_date=due,
        project_id=_one_of(dice, 2, 0.4, tasks // 500) if dice.random() < 0.3 else None,
        assignee_ids=list({_one_of(dice, 4, 0.5, tasks // 100) for _ in range(dice.choices((1, 2), (4, 1))[0])}) if dice.random() < 0.22 else [],
        watcher_ids=[_one_of(dice, 4, 0.3, tasks // 100)] if dice.random() < 0.04 else [],
        tags=dice.sample(TAGS, dice.choices((1, 2), (3, 1))[0]) if dice.random() < 0.2 else [],
        overdue=is_open and due is not None and due < LAST,
        overdue_told=due is not None and due < LAST,
        dead=status == "failed" and dice.random() < 0.5,
        deleted=dice.random() < 0.02,
    )


def _one_of(dice: random.Random, kind: int, very_often: float, many: int) -> UUID:
    return somebody(kind, 0 if dice.random() < very_often else dice.randrange(1, max(2, many)))


def settle(connection: psycopg.Connection[object], tasks: int) -> None:
    """Write so many tasks into the first build of `task_board`, which is there and empty, its indexes last."""
    table = RowTable(TASK_BOARD, 1)
    name = f"read_models.{table.name}"
    rows: list[TaskRow] = []
    for row in crowd(tasks):
        rows.append(row)
        if len(rows) == PIECE:
            _put(connection, table, rows)
    _put(connection, table, rows)
    connection.execute("set maintenance_work_mem = '256MB'")
    for statement in table.index():
        connection.execute(statement.encode())
    connection.execute(f"vacuum (analyze) {name}, {name}_lists".encode())


def _put(connection: psycopg.Connection[object], table: RowTable, rows: list[TaskRow]) -> None:
    copy_in(connection, f"read_models.{table.name}", table.columns, rows)
    copy_in(connection, f"read_models.{table.name}_lists", table.list_columns, (ListEntry(name, row.id) for row in rows for name in lists(row)))
    rows.clear()
