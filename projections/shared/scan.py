"""The next part of a list that looks at no more rows than it may (docs/decisions/0009).

The rows come by an index, in the order they are shown in. What the index does not serve is asked of each row on the way, and the list goes on
where the looking ended.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, LiteralString, TypeVar

import msgspec

from projections.shared.read_model import R, ReadModel
from projections.shared.reading import Freshness, S, SeenMany, Tables

MOST: Final = 10_000
"""Rows a statement looks at."""
Condition = tuple[LiteralString, tuple[Any, ...]]
"""A condition and its values."""
P = TypeVar("P")


class Part(msgspec.Struct, Generic[S, P], frozen=True):
    """Some rows. `following`: the place after which the next part begins; None at the end."""

    rows: Sequence[S]
    following: P | None
    seen: SeenMany[S]


class Scan(msgspec.Struct, frozen=True):
    """A SELECT that gives at most `most` rows in an order (`order by …`), its values, and the conditions that are `left` to ask of each row."""

    rows: LiteralString
    arguments: tuple[Any, ...]
    order: LiteralString
    left: Sequence[Condition]
    most: int


async def part(tables: Tables, model: ReadModel[R], scan: Scan, fresh: Freshness, *, limit: int, place_of: Callable[[R], P]) -> Part[R, P]:
    """The first `limit` rows that fit. It may be short of them, or empty, and still be followed by more: only so many rows are looked at."""
    if scan.left:
        fits: LiteralString = " and ".join(text for text, _ in scan.left)
        # The last row that is looked at is told whether it fits or not: there the next part begins.
        select: LiteralString = f"""
            select * from (select w.*, row_number() over ({scan.order}) as nth, ({fits}) is true as fits from ({scan.rows}) w) s
            where nth = {scan.most} or fits {scan.order} limit %b"""  # noqa: S608 — the model's own names; values are bound.
        asked = (*(value for _, values in scan.left for value in values), *scan.arguments, limit + 1)
        seen = await tables.ask(model, select, asked, fresh, ("nth", "fits"))
        fitting: Sequence[R] = [row for row, (_, is_fit) in zip(seen.rows, seen.beside, strict=False) if is_fit]
        goes_on = bool(seen.rows) and seen.beside[-1][0] == scan.most
    else:
        seen = await tables.ask(model, scan.rows, scan.arguments, fresh)
        fitting, goes_on = seen.rows, False
    if len(fitting) > limit:
        return Part(fitting[:limit], place_of(fitting[limit - 1]), seen)
    return Part(fitting, place_of(seen.rows[-1]) if goes_on else None, seen)
