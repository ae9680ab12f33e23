"""The columns of tasks in files: what is written of a task, and what is read of one."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from projections.tasks.task_row import TaskRow

_json: Final = msgspec.json.Encoder().encode


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _list(values: Any) -> str | None:
    return ",".join(map(str, values)) or None


def _flag(value: bool) -> str:  # noqa: FBT001 — one cell.
    return "true" if value else "false"


def _raw(value: msgspec.Raw | None) -> str | None:
    return None if value is None else bytes(value).decode()


WRITTEN: Final[Mapping[str, Callable[[Any], str | None]]] = {
    "id": _text,
    "title": _text,
    "description": _text,
    "status": _text,
    "priority": _text,
    "tags": _list,
    "due_date": _moment,
    "overdue": _flag,
    "project_id": _text,
    "owner_id": _text,
    "assignee_ids": _list,
    "assigned_node_id": _text,
    "external_id": _text,
    "payload": _raw,
    "max_attempts": _text,
    "attempts": _text,
    "created_at": _moment,
    "updated_at": _moment,
    "completed_at": _moment,
    "version": _text,
}
"""In the order of the file: column → how its cell is written."""
READ: Final = frozenset(
    {"title", "description", "status", "priority", "tags", "due_date", "project_id", "owner_id", "owner", "external_id", "payload", "max_attempts"}
    | {"retry_seconds"}
)
"""Columns that say something about a new task. `owner`: an e-mail or an id."""
PASSED_OVER: Final = frozenset(WRITTEN) - READ
"""Columns that an export has and an import does not take: they are of the past of another task."""


def cells_of(row: TaskRow) -> list[str | None]:
    """A task as cells."""
    return [write(getattr(row, name)) for name, write in WRITTEN.items()]


def line_of(row: TaskRow) -> bytes:
    """A task as a line of JSON."""
    return _json({name: getattr(row, name) for name in WRITTEN}) + b"\n"
