"""Pages of tasks: the next part of a list in the order of ids, and a page in any order with how many there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec

from projections.shared import scan
from projections.shared.reading import Freshness, SeenMany, Tables
from projections.shared.scan import MOST, Part, Scan
from projections.tasks.task_board import TASK_BOARD
from projections.tasks.task_row import TaskRow
from projections.tasks.task_search import Filter, Sought, walk, walk_by_due

MORE: Final = f"{MOST}+"
"""The total where more than `MOST` tasks would have to be looked at to tell it."""
FOREVER: Final[LiteralString] = "timestamptz '9999-01-01 00:00+00'"
SORTS: Final[dict[str, tuple[LiteralString, type]]] = {
    "updated_at": ("updated_at", datetime),
    "due_date": (f"coalesce(due_date, {FOREVER})", datetime),
    "priority": ("array_position(array['low', 'medium', 'high', 'urgent'], priority)::bigint", int),
    "title": ("lower(title)", str),
    "status": ("array_position(array['pending', 'in_progress', 'in_review', 'completed', 'failed', 'cancelled'], status)::bigint", int),
}
"""What else lists can be sorted by, and of which type it is; tasks without a due date stand after all others."""


class Sorting(msgspec.Struct, frozen=True):
    """By what, and in which direction."""

    by: str
    descending: bool


class Sheet(msgspec.Struct, frozen=True):
    """Tasks in any order. `total` is known up to `MOST`, and not where a list goes on; `last` is the sort value of the last row."""

    rows: Sequence[TaskRow]
    total: int | str | None
    last: Any
    has_more: bool
    seen: SeenMany[TaskRow]


async def part(
    tables: Tables, sought: Sought, fresh: Freshness, *, limit: int, beyond: UUID | None = None, oldest_first: bool = False
) -> Part[TaskRow, UUID]:
    """The next tasks of a list. It may be short of `limit`, or empty, and still be followed by more: only so many rows are looked at."""
    way, most = walk(sought, limit + 1, beyond, oldest_first=oldest_first), limit + 1
    if way.left:
        way, most = walk(sought, MOST, beyond, oldest_first=oldest_first), MOST
    order: LiteralString = "order by id asc" if oldest_first else "order by id desc"
    found = Scan(way.rows, way.arguments, order, [(one.condition, one.arguments) for one in way.left], most)
    return await scan.part(tables, TASK_BOARD, found, fresh, limit=limit, place_of=lambda row: row.id)


async def sheet(
    tables: Tables, sought: Sought, sorting: Sorting | None, fresh: Freshness, *, limit: int, offset: int = 0, after: tuple[Any, UUID] | None = None
) -> Sheet:
    """Some of the newest `MOST` tasks in an order, and how many there are. After a sort value and id, or from an offset on.

    By due date, of a span of these: of the first ones in that order.
    """
    by_id = sorting is None or sorting.by == "created_at"
    way = None
    if sorting is not None and sorting.by == "due_date":
        way = walk_by_due(sought, MOST, descending=sorting.descending, reached=None if after is None else after[0])
    whole = MOST if way is None else MOST // len(sought.places)
    way = way or walk(sought, MOST, oldest_first=by_id and sorting is not None and not sorting.descending)
    fits, arguments = _all_of(way.left)
    direction: LiteralString = "desc" if sorting is None or sorting.descending else "asc"
    value: LiteralString = "id" if sorting is None or by_id else SORTS[sorting.by][0]
    if sorting is not None and sorting.by == "due_date" and sorting.descending:
        value = value.replace("9999", "0001")
    sign: LiteralString = "<" if direction == "desc" else ">"
    beyond: LiteralString = "" if after is None else f"where (sorted, id) {sign} (%b, %b)"
    select: LiteralString = f"""
        with looked_at as materialized (select * from {way.rows} w),
             found as materialized (select *, {value} as sorted from looked_at where ({fits}) is true)
        select f.*, c.* from (select (select count(*) from found) as total, (select count(*) from looked_at) as looked) c
        left join lateral (select * from found {beyond} order by sorted {direction}, id {direction} offset %b limit %b) f on true"""  # noqa: S608 — as above.
    asked = (*way.arguments, *arguments, *(after or ()), offset, limit + 1)
    seen = await tables.ask(TASK_BOARD, select, asked, fresh, ("sorted", "total", "looked"))
    _, total, looked = seen.beside[0]
    rows, last = seen.rows[:limit], seen.beside[min(limit, len(seen.rows)) - 1][0] if seen.rows else None
    return Sheet(rows, None if after is not None else total if looked < whole else MORE, last, len(seen.rows) > limit, seen)


def _all_of(filters: Sequence[Filter]) -> tuple[LiteralString, tuple[Any, ...]]:
    conditions: list[LiteralString] = [one.condition for one in filters]
    return " and ".join(conditions) or "true", tuple(argument for one in filters for argument in one.arguments)
