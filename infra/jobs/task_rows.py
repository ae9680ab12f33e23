"""From a record of a file to the wish for a task: every misfit named by its column, and nothing guessed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final, NoReturn
from uuid import UUID

import msgspec

from api.shared.bodies import decode
from api.shared.problems import BodyRefused
from application.jobs.files import RowError
from domain.tasks.status import Priority, Status
from infra.jobs.csv_cells import cells, unguarded
from infra.jobs.records import Record
from infra.jobs.task_columns import PASSED_OVER, READ

MESSAGES: Final = {
    "too_large": "The row is too large.",
    "unclosed_quote": "A quote is opened and never closed.",
    "malformed_quotes": "Quotes stand where they cannot: a cell is quoted as a whole, and a quote inside it is written twice.",
    "invalid_encoding": "This is not UTF-8.",
    "malformed_json": "This is not JSON.",
    "wrong_number_of_cells": "The row has another number of cells than the first line.",
    "unwritable_text": "Text with NUL cannot be kept.",
}


class RowRefused(Exception):
    """The row does not fit; with everything that is wrong."""

    def __init__(self, *errors: RowError) -> None:
        super().__init__()
        self.errors = errors


class HeaderRefused(Exception):
    """The first line names no columns of tasks; the message says why."""


class TaskWish(msgspec.Struct, frozen=True):
    """A row that could be read: the fields it gives, the owner as written, and where the task is to stand."""

    fields: dict[str, Any]
    owner: str | None = None
    status: Status = Status.PENDING


def columns_of(record: Record) -> Sequence[str]:
    """The columns that the first line of a CSV file names, in any order and case; raises `HeaderRefused`."""
    found = None if record.problem else cells(record.data)
    try:
        names = [(cell or b"").decode().strip().lower() for cell in found or ()]
    except UnicodeDecodeError:
        names = []
    if not names:
        raise HeaderRefused("The first line must name the columns, in UTF-8.")
    unknown = [f"column {nth}" if not name else f"{name[:50]!r}" for nth, name in enumerate(names, 1) if name not in READ | PASSED_OVER]
    if unknown:
        raise HeaderRefused(f"The first line names what is no column of tasks: {', '.join(unknown[:5])}. There are: {', '.join(sorted(READ))}.")
    if len(set(names)) < len(names):
        raise HeaderRefused("The first line names a column twice.")
    if "title" not in names:
        raise HeaderRefused("The first line names no column `title`.")
    return names


def from_csv(record: Record, columns: Sequence[str]) -> TaskWish:
    """The wish of a row of CSV; raises `RowRefused`."""
    _must_be_whole(record)
    found = cells(record.data)
    if found is None:
        _refuse(record, "malformed_quotes")
    if len(found) != len(columns):
        _refuse(record, "wrong_number_of_cells")
    try:
        texts = {name: None if cell is None else unguarded(cell.decode()) for name, cell in zip(columns, found, strict=True)}
    except UnicodeDecodeError:
        _refuse(record, "invalid_encoding")
    return _wish(record, {name: text for name, text in texts.items() if text is not None}, _CELLS)


def from_json(record: Record) -> TaskWish:
    """The wish of a line of JSON; raises `RowRefused`."""
    _must_be_whole(record)
    try:
        record.data.decode()
        found = decode(_OBJECT, record.data)
    except UnicodeDecodeError:
        _refuse(record, "invalid_encoding")
    except BodyRefused as refused:
        first = refused.errors[0]
        raise RowRefused(RowError(record.line, "", first.code, first.message)) from None
    return _wish(record, {name: value for name, value in found.items() if value is not None}, _VALUES)


def _wish(record: Record, found: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]) -> TaskWish:
    fields, errors = dict[str, Any](), list[RowError]()
    for name, value in found.items():
        if name not in READ:
            if name not in PASSED_OVER:
                errors.append(RowError(record.line, name[:50], "unknown_field", "There is no such column."))
            continue
        try:
            fields[name] = readers[name](value)
        except (ValueError, TypeError, msgspec.MsgspecError, OverflowError, BodyRefused):
            errors.append(RowError(record.line, name, *_WRONG.get(name, ("wrong_type", f"{name} cannot be read."))))
    if "title" not in found:
        errors.append(RowError(record.line, "title", "required", "title must not be empty."))
    if errors:
        raise RowRefused(*errors)
    owner = fields.pop("owner", None) or fields.pop("owner_id", None)
    return TaskWish(
        {name: value for name, value in fields.items() if name not in {"owner_id", "status"}}, owner, fields.get("status", Status.PENDING)
    )


def _must_be_whole(record: Record) -> None:
    if record.problem:
        _refuse(record, record.problem)
    if b"\0" in record.data:
        _refuse(record, "unwritable_text")


def _refuse(record: Record, code: str) -> NoReturn:
    raise RowRefused(RowError(record.line, "", code, MESSAGES[code]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _moment(value: Any) -> datetime:
    text = _text(value).strip()
    if len(text) == 10:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    return msgspec.convert(text.replace(" ", "T", 1), datetime)


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError
    return int(value)


def _tags(value: Any) -> tuple[str, ...]:
    return tuple(tag.strip() for tag in _text(value).split(",") if tag.strip())


def _payload(value: Any) -> Any:
    return decode(_ANY, _text(value).encode())


_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])
_ANY: Final = msgspec.json.Decoder(Any)
_VALUES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "title": _text,
    "description": _text,
    "status": lambda value: Status(_text(value).strip()),
    "priority": lambda value: Priority(_text(value).strip()),
    "tags": lambda value: tuple(msgspec.convert(value, list[str])),
    "due_date": _moment,
    "project_id": lambda value: UUID(_text(value).strip()),
    "owner_id": lambda value: str(UUID(_text(value).strip())),
    "owner": lambda value: _text(value).strip(),
    "external_id": _text,
    "payload": lambda value: value,
    "max_attempts": _number,
    "retry_seconds": _number,
}
_CELLS: Final[Mapping[str, Callable[[Any], Any]]] = {**_VALUES, "tags": _tags, "payload": _payload}
_WRONG: Final = {
    "status": ("not_allowed", f"status must be one of {', '.join(Status)}."),
    "priority": ("not_allowed", f"priority must be one of {', '.join(Priority)}."),
    "due_date": ("malformed", "due_date must be a time such as 2026-03-01T12:00:00Z, or a day."),
    "payload": ("malformed_json", "payload must be JSON."),
}
