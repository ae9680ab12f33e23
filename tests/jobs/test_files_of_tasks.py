"""What a file says of tasks: nothing is a formula, nothing is lost on the way out and in, and the next record is always found."""

import io
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.jobs.csv_cells import BOM, cells, row, unguarded, written
from infra.jobs.records import LARGEST, Record, count, lines, quoted
from infra.jobs.task_columns import WRITTEN, line_of
from infra.jobs.task_rows import columns_of, from_csv, from_json
from infra.jobs.task_sheet import TASK_SHEET
from projections.tasks.task_row import TaskRow

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0", "＝1", "＋1", "－1", "＠A",
    "'=1", "''=1", '=1+2";=1+2', "=1+2'\" ;,=1+2", "-2+3+cmd|' /C calc'!D2", '@SUM(1+1)*cmd|" /C calc"!A0',
]  # fmt: skip
"""OWASP, CSV Injection, and what is behind an apostrophe already."""


def read(text: str | None) -> str | None:
    """What one cell of a file says."""
    data = row([text]).encode()
    (record,) = list(quoted(io.BytesIO(data), 1)) or [Record(1, b"", 0, 2)]  # A line without anything is none.
    (found,) = cells(record.data) or (None,)
    return None if found is None else unguarded(found.decode())


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_begins_like_a_formula_and_each_comes_back(text):
    cell = written(text)
    shown = cell[1:-1].replace('""', '"') if cell.startswith('"') else cell
    assert shown.startswith("'")
    assert shown[0] not in "=+-@\t\r\n＝＋－＠"
    assert read(text) == text


@given(st.one_of(st.none(), TEXT, st.sampled_from(FORMULAS), st.text("'=\"\n\r,", max_size=8)))
def test_every_text_comes_back_and_so_does_nothing(text):
    assert read(text) == text


@given(st.lists(st.one_of(st.none(), TEXT), min_size=2, max_size=5), st.lists(st.one_of(st.none(), TEXT), min_size=2, max_size=5))
def test_records_stay_apart(first, second):
    data = (row(first) + row(second)).encode()
    found = [record for record in quoted(io.BytesIO(data), 1) if record.data]
    shown = [[None if cell is None else unguarded(cell.decode()) for cell in cells(record.data) or ()] for record in found]
    assert shown == [first, second]
    assert count(io.BytesIO(data), quoted) == 2


YEARS = datetime(1990, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 — Hypothesis wants bounds without a zone.
tasks = st.builds(
    TaskRow,
    id=st.just(UUID(int=7)),
    version=st.just(3),
    owner_id=st.just(UUID(int=8)),
    title=TEXT.filter(bool),
    priority=st.sampled_from(["low", "medium", "high", "urgent"]),
    status=st.sampled_from(["pending", "in_progress", "in_review", "completed", "failed", "cancelled"]),
    created_at=st.just(datetime(2026, 3, 1, tzinfo=UTC)),
    updated_at=st.just(datetime(2026, 3, 1, tzinfo=UTC)),
    description=st.none() | TEXT,
    payload=st.none()
    | st.recursive(st.booleans() | st.integers(-(2**53), 2**53) | TEXT, lambda inner: st.lists(inner, max_size=3), max_leaves=5).map(
        lambda value: msgspec.Raw(msgspec.json.encode(value))
    ),
    external_id=st.none() | TEXT.filter(bool),
    due_date=st.none() | st.datetimes(*YEARS, timezones=st.just(timezone(timedelta(hours=2)))),
    max_attempts=st.integers(1, 100),
    project_id=st.none() | st.just(UUID(int=9)),
    tags=st.lists(st.text("abc =-'\"", min_size=1, max_size=9).map(str.strip).filter(bool), max_size=3),
)


def wished(task: TaskRow) -> dict[str, object]:
    """The fields of a task that another one can be given."""
    told = {name: getattr(task, name) for name in ("title", "description", "priority", "external_id", "due_date", "project_id", "max_attempts")}
    told |= {"tags": tuple(task.tags) or None, "payload": None if task.payload is None else msgspec.json.decode(task.payload)}
    return {name: value for name, value in told.items() if value is not None}


@given(tasks)
def test_a_task_that_is_exported_is_imported_as_it_was(task):
    header, record = quoted(io.BytesIO((row(WRITTEN) + row(TASK_SHEET.row(task))).encode()), 1)
    of_csv = from_csv(record, columns_of(header))
    (line,) = lines(io.BytesIO(line_of(task)), 1)
    of_json = from_json(line)
    assert (of_csv.owner, of_csv.status) == (of_json.owner, of_json.status) == (str(task.owner_id), task.status)
    wish = wished(task)
    assert of_csv.fields == wish
    assert {name: value for name, value in of_json.fields.items() if value != ()} == wish


def test_a_record_knows_its_lines_and_a_quote_that_never_closes_costs_one():
    file = io.BytesIO(BOM + b'title\r\n"two\r\nlines"\r\n\r\n"open\r\nplain\r\nlast')
    found = list(quoted(file, 1))
    assert [(one.line, one.data, one.problem) for one in found] == [
        (1, b"title", ""), (2, b'"two\r\nlines"', ""), (5, b'"open', "unclosed_quote"), (6, b"plain", ""), (7, b"last", ""),
    ]  # fmt: skip
    for one in found:
        file.seek(one.after)
        following = [again.line for again in quoted(file, one.next_line)]
        assert following == [other.line for other in found if other.line > one.line], "reading goes on behind each"


@pytest.mark.parametrize("cut", [quoted, lines])
def test_a_line_that_is_too_long_is_given_up_and_never_held_whole(cut):
    class Watched(io.BytesIO):
        largest = 0

        def readline(self, size: int | None = -1) -> bytes:
            assert size
            assert 0 < size <= LARGEST + 2, "every read is bounded"
            found = super().readline(size)
            self.largest = max(self.largest, len(found))
            return found

    file = Watched(b"title\n" + b"x" * (3 * LARGEST) + b"\n" + b'"' + b"y\n" * LARGEST + b"last\n")
    found = list(cut(file, 1))
    assert [(one.line, one.problem) for one in found[:3]] == [(1, ""), (2, "too_large"), (3, "unclosed_quote" if cut is quoted else "")]
    assert (found[-1].line, found[-1].data) == (LARGEST + 3, b"last")
    assert file.largest <= LARGEST + 2
