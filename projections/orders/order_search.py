"""Which orders are sought, and the statement that finds them without looking at more than it must (docs/decisions/0009).

Orders are shown newest first, in the order of their ids; those that are stuck by since when they are. One filter is served by an index; where
others are left, they are asked of each row on the way, of 10,000 rows at most, and the list goes on where the looking ended.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec

from projections.orders.orders import ORDERS, OrderRow
from projections.shared import scan
from projections.shared.reading import Freshness, Tables
from projections.shared.scan import MOST, Condition, Part, Scan

SKEW: Final = timedelta(hours=1)
"""How far the clock that makes ids may be from the database's."""
TABLE: Final[LiteralString] = ORDERS.table


class Sought(msgspec.Struct, frozen=True):
    """Which orders: all of it must hold. `stuck_at`: those that were to be over by this moment and are not."""

    customer_id: UUID | None = None
    statuses: Sequence[str] = ()
    payment_statuses: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    stuck_at: datetime | None = None


Place = tuple[Any, ...]
"""Where a part of a list ends: at an id; of stuck orders at a moment and an id."""


async def part(tables: Tables, sought: Sought, fresh: Freshness, *, limit: int, beyond: Place | None = None) -> Part[OrderRow, Place]:
    """The next orders of a list. It may be short of `limit`, or empty, and still be followed by more."""
    place_of: Callable[[OrderRow], Place] = attrgetter("late_at", "id") if sought.stuck_at is not None else lambda row: (row.id,)
    return await scan.part(tables, ORDERS, _scan(sought, limit, beyond), fresh, limit=limit, place_of=place_of)


def _scan(sought: Sought, limit: int, beyond: Place | None) -> Scan:
    places, left = _served(sought)
    bounds = _bounds(sought, beyond)
    most = MOST if left else limit + 1
    order: LiteralString = "order by id desc" if sought.stuck_at is None else "order by late_at desc, id desc"
    rows: LiteralString = " union all ".join(f"(select * from {TABLE} where {_all(place, bounds)} {order} limit %b)" for place, _ in places)  # noqa: S608 — the model's own names; values are bound.
    arguments = tuple(one for _, own in places for one in (*own, *(value for _, values in bounds for value in values), most))
    if len(places) > 1:
        rows, arguments = f"select * from ({rows}) one {order} limit %b", (*arguments, most)  # noqa: S608 — as above.
    return Scan(rows, arguments, order, left, most)


def _served(sought: Sought) -> tuple[list[Condition], list[Condition]]:
    """What the indexes serve, one place for each value, and what is left to ask of each row."""
    customer = () if sought.customer_id is None else (sought.customer_id,)
    left = _asked("customer_id", customer) + _asked("status", sought.statuses)
    left += _asked("payment_status", sought.payment_statuses) + _span(sought)
    if sought.stuck_at is not None:
        return [("late_at <= %b", (sought.stuck_at,))], left
    if sought.customer_id is not None and sought.statuses:
        return [("customer_id = %b and status = %b", (sought.customer_id, one)) for one in sought.statuses], left[2:]
    if sought.customer_id is not None:
        return [("customer_id = %b", (sought.customer_id,))], left[1:]
    if sought.statuses:
        return [("status = %b", (one,)) for one in sought.statuses], left[1:]
    if sought.payment_statuses:
        return [("payment_status = %b", (one,)) for one in sought.payment_statuses], left[1:]
    return [("true", ())], left


def _asked(column: LiteralString, values: Sequence[Any]) -> list[Condition]:
    return [(f"{column} = any(%b)", (list(values),))] if values else []


def _span(sought: Sought) -> list[Condition]:
    since: list[Condition] = [] if sought.since is None else [("placed_at >= %b", (sought.since,))]
    return since if sought.until is None else [*since, ("placed_at <= %b", (sought.until,))]


def _bounds(sought: Sought, beyond: Place | None) -> list[Condition]:
    if sought.stuck_at is not None:
        return [] if beyond is None else [("(late_at, id) < (%b, %b)", beyond)]
    bounds: list[Condition] = [] if beyond is None else [("id < %b", beyond)]
    if sought.since is not None:
        bounds.append(("id >= %b", (_made(sought.since, -SKEW),)))
    if sought.until is not None:
        bounds.append(("id <= %b", (_made(sought.until, SKEW),)))
    return bounds


def _made(at: datetime, apart: timedelta) -> UUID:
    """The first id that can be made so far apart from a moment (UUIDv7, RFC 9562)."""
    return UUID(int=max(0, int((at.timestamp() + apart.total_seconds()) * 1000)) << 80)


def _all(place: LiteralString, bounds: Sequence[Condition]) -> LiteralString:
    return " and ".join((place, *(text for text, _ in bounds)))
