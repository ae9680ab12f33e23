"""Tasks in files."""

from collections.abc import Callable
from typing import Any, Final

from infra.jobs.sheet import Cell, Column, Sheet, minute
from infra.jobs.task_columns import WRITTEN, line_of
from projections.tasks.task_board import TASK_BOARD


def _cell(name: str, write: Callable[[Any], str | None]) -> Cell:
    return lambda row: write(getattr(row, name))


TASK_SHEET: Final = Sheet(
    noun="tasks",
    model=TASK_BOARD,
    cells={name: _cell(name, write) for name, write in WRITTEN.items()},
    line=line_of,
    paper=(
        Column("Title", 105.0, lambda row: row.title),
        Column("Status", 24.0, lambda row: row.status + (" (overdue)" if row.overdue else "")),
        Column("Priority", 18.0, lambda row: row.priority),
        Column("Due", 32.0, lambda row: minute(row.due_date)),
        Column("Tags", 40.0, lambda row: ", ".join(row.tags)),
        Column("Created", 32.0, lambda row: minute(row.created_at)),
        Column("Id", 26.0, lambda row: str(row.id)[-12:]),
    ),
)
