"""The columns of tasks in files: what is written of a task, and what is read of one."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from infra.jobs.sheet import moment, raw, text
from projections.tasks.task_row import TaskRow

_json: Final = msgspec.json.Encoder().encode


def _list(values: Any) -> str | None:
    return ",".join(map(str, values)) or None


def _flag(value: bool) -> str:  # noqa: FBT001 — one cell.
    return "true" if value else "false"


WRITTEN: Final[Mapping[str, Callable[[Any], str | None]]] = {
    "id": text,
    "title": text,
    "description": text,
    "status": text,
    "priority": text,
    "tags": _list,
    "due_date": moment,
    "overdue": _flag,
    "project_id": text,
    "owner_id": text,
    "assignee_ids": _list,
    "assigned_node_id": text,
    "external_id": text,
    "payload": raw,
    "max_attempts": text,
    "attempts": text,
    "created_at": moment,
    "updated_at": moment,
    "completed_at": moment,
    "version": text,
}
"""In the order of the file: column → how its cell is written."""
READ: Final = frozenset(
    {"title", "description", "status", "priority", "tags", "due_date", "project_id", "owner_id", "owner", "external_id", "payload", "max_attempts"}
    | {"retry_seconds"}
)
"""Columns that say something about a new task. `owner`: an e-mail or an id."""
PASSED_OVER: Final = frozenset(WRITTEN) - READ
"""Columns that an export has and an import does not take: they are of the past of another task."""


def line_of(row: TaskRow) -> bytes:
    """A task as a line of JSON."""
    return _json({name: getattr(row, name) for name in WRITTEN}) + b"\n"
