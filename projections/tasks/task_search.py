"""Which tasks are sought, and the statement that finds them without looking at more than it must.

A list is walked in the order of ids (newest first) from one place or several: an owner's index, the list of what somebody is assigned
to. Of the filters, at most one is served by an index or a named list; where no other is left, the statement touches the rows it gives
and no more. What is left is asked of each row on the way, of 10,000 rows at most.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec

from projections.tasks.task_board import TASK_BOARD
from projections.tasks.task_row import TaskRow

SKEW: Final = timedelta(hours=1)
"""How far the clock that makes ids may be from the database's."""
TABLE: Final[LiteralString] = TASK_BOARD.table
COLUMNS: Final[tuple[str, ...]] = TaskRow.__struct_fields__
_ALL: Final[LiteralString] = ", ".join(COLUMNS)
_OF_LIST: Final[LiteralString] = ", ".join("l.key as id" if name == "id" else f"t.{name}" for name in COLUMNS)
COLUMN: Final[dict[str, LiteralString]] = {
    "owner": "owner_id", "node": "assigned_node_id", "project": "project_id", "status": "status", "priority": "priority"
}  # fmt: skip
BY_INDEX: Final = {
    "owner": ("overdue", "priority", "status"),
    "node": ("overdue", "priority", "status"),
    "project": ("owner", "overdue", "priority", "status"),
    "all": ("dead", "overdue", "status"),
}
BY_LIST: Final = {
    "owner": ("tag", "assignee"),
    "node": ("tag",),
    "project": ("tag", "assignee"),
    "assignee": ("tag", "overdue", "priority", "status"),
}
SEVERAL: Final = frozenset({"tag", "assignee"})
"""What one task may have several of, so that it may stand in two lists that are merged."""


class Filter(msgspec.Struct, frozen=True):
    """One condition. `values`: the words an index or a list serves it by; none where it cannot be served."""

    name: str
    condition: str
    arguments: tuple[Any, ...]
    values: tuple[Any, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """Where tasks are found: `owner`, `node`, `project`, `assignee` and `watcher` of an id, a `list` by its name, or `all`."""

    kind: str
    of: UUID | str | None = None


class Sought(msgspec.Struct, frozen=True):
    """The tasks of these places that meet all conditions. `deleted`: deleted ones, too.

    `since` and `until`: none older, none newer (`SKEW` apart), so that they need not be looked at; ids are made in the order of time.
    """

    places: tuple[Place, ...]
    filters: tuple[Filter, ...] = ()
    deleted: bool = False
    since: datetime | None = None
    until: datetime | None = None


class Walk(msgspec.Struct, frozen=True):
    """A statement over the rows of all places, in order, and what is left to be asked of each row."""

    rows: LiteralString
    arguments: tuple[Any, ...]
    left: tuple[Filter, ...]


def mine(user_id: UUID) -> tuple[Place, ...]:
    """What somebody owns or is to work on."""
    return Place("owner", user_id), Place("assignee", user_id)


def assigned(user_id: UUID) -> tuple[Place, ...]:
    """What somebody is to work on."""
    return Place("assignee", user_id), Place("list", f"owner:{user_id}/assignee:{user_id}")


def walk(sought: Sought, limit: int, beyond: UUID | None = None, *, oldest_first: bool = False) -> Walk:
    """At most `limit` rows, `beyond` an id, by one filter that all places can serve; of several the one that is likely to leave least."""
    external = next((one for one in sought.filters if one.name == "external"), None)
    way = _Way(limit, _bounds(sought, beyond, oldest_first=oldest_first), "asc" if oldest_first else "desc")
    if external is not None and not sought.deleted:
        found = way.rows("external_id = %b", "not deleted", external.arguments)
        return Walk(*found, (_place_filter(sought.places), *(one for one in sought.filters if one is not external)))
    if sought.deleted:
        return _with_deleted(sought, way)
    served = next((one for one in _likely(sought.filters) if all(_serves(place, one) for place in sought.places)), None)
    sources = [source for place in sought.places for source in way.sources(place, served)]
    left = tuple(one for one in sought.filters if one is not served)
    if sought.places[0].kind == "all" and served is None:
        left = (*left, Filter("deleted", "not deleted", ()))
    several = served is not None and served.name in SEVERAL and len(served.values) > 1
    distinct = several or {"owner", "node"} <= {place.kind for place in sought.places}
    return Walk(*way.merged(sources, distinct=distinct), left)


def walk_by_due(sought: Sought, most: int, *, descending: bool, reached: datetime | None = None) -> Walk | None:
    """The tasks of a span of due dates in their order, from the one that was reached on; None where that is not what is sought.

    Each place gives its part of `most` rows: an owner's, node's or project's by the index of due dates, else the newest ones.
    """
    span = [one for one in sought.filters if one.name == "due"]
    if not span or sought.deleted:
        return None
    if reached is not None:
        span.append(Filter("due", "due_date <= %b" if descending else "due_date >= %b", (reached,)))
    way = _Way(most // len(sought.places), {}, "desc" if descending else "asc")
    newest = _Way(most // len(sought.places), _bounds(sought, None, oldest_first=False), "desc")
    sources = [source for place in sought.places for source in (_of_span(way, place, span) or newest.sources(place, None))]
    text: LiteralString = " union all ".join(text for text, _ in sources)
    state = (Filter("deleted", "not deleted", ()),) if sought.places[0].kind == "all" else ()
    return Walk(f"({text})", tuple(argument for _, own in sources for argument in own), (*sought.filters, *state))


def _of_span(way: "_Way", place: Place, span: Sequence[Filter]) -> "list[Source]":
    if place.kind not in {"owner", "node", "project"}:
        return []
    conditions = " and ".join((f"{COLUMN[place.kind]} = %b", *(one.condition for one in span)))
    return [way.rows(conditions, "due_date is not null and not deleted", (place.of, *(one.arguments[0] for one in span)), by="due_date")]


def _with_deleted(sought: Sought, way: "_Way") -> Walk:
    place = sought.places[0]
    if len(sought.places) == 1 and place.kind == "owner":
        sources = [way.rows("owner_id = %b", state, (place.of,)) for state in ("not deleted", "deleted")]
        return Walk(*way.merged(sources), sought.filters)
    within = () if place.kind == "all" else (_place_filter(sought.places),)
    return Walk(*way.rows("true", "true", ()), (*within, *sought.filters))


def _likely(filters: Sequence[Filter]) -> list[Filter]:
    order = ("tag", "assignee", "owner", "dead", "overdue", "priority", "status")
    return sorted((one for one in filters if one.values and one.name in order), key=lambda one: order.index(one.name))


def _serves(place: Place, one: Filter) -> bool:
    return one.name in BY_INDEX.get(place.kind, ()) or one.name in BY_LIST.get(place.kind, ())


def _place_filter(places: Sequence[Place]) -> Filter:
    conditions, arguments = list[LiteralString](), list[Any]()
    for place in places:
        match place.kind:
            case "owner" | "node" | "project":
                conditions.append(f"{COLUMN[place.kind]} = %b")
            case "assignee":
                conditions.append("%b = any(assignee_ids)")
            case "watcher":
                conditions.append("%b = any(watcher_ids)")
            case "all":
                return Filter("place", "true", ())
            case _:
                continue  # A list of what another place holds as well.
        arguments.append(place.of)
    return Filter("place", f"({' or '.join(conditions)})", tuple(arguments))


def _bounds(sought: Sought, beyond: UUID | None, *, oldest_first: bool) -> dict[LiteralString, UUID]:
    bounds: dict[LiteralString, UUID] = {}
    if sought.since is not None:
        bounds[">="] = _made(sought.since, -SKEW)
    if sought.until is not None:
        bounds["<="] = _made(sought.until, SKEW)
    if beyond is not None:
        bounds[">" if oldest_first else "<"] = beyond
    return bounds


def _made(at: datetime, apart: timedelta) -> UUID:
    """The first id that can be made so far apart from a moment (UUIDv7, RFC 9562)."""
    return UUID(int=max(0, int((at.timestamp() + apart.total_seconds()) * 1000)) << 80)


Source = tuple[LiteralString, tuple[Any, ...]]


class _Way:
    """How the sources of one statement are walked: how far, from where, in which direction."""

    def __init__(self, limit: int, bounds: dict[LiteralString, UUID], direction: LiteralString) -> None:
        self._limit = limit
        self._direction = direction
        self._beyond: LiteralString = "".join(f" and {{}} {sign} %b" for sign in bounds)
        self._from = tuple(bounds.values())

    def rows(self, condition: LiteralString, state: LiteralString, arguments: Sequence[Any], by: LiteralString = "") -> Source:
        """Rows by an index that ends with the id, before it with the column `by`; `state` is the condition of the index."""
        beyond = self._beyond.replace("{}", "id")
        order = f"{by} {self._direction}, id" if by else "id"
        text: LiteralString = f"(select {_ALL} from {TABLE} where {condition} and {state}{beyond} order by {order} {self._direction} limit %b)"  # noqa: S608 — the model's own names; values are bound.
        return text, (*arguments, *self._from, self._limit)

    def listed(self, name: str) -> Source:
        """Rows of a named list, each by its key."""
        beyond = self._beyond.replace("{}", "l.key")
        text: LiteralString = f"""(select {_OF_LIST} from {TABLE}_lists l
            cross join lateral (select * from {TABLE} where id = l.key limit 1) t
            where l.list = %b{beyond} order by l.key {self._direction} limit %b)"""  # noqa: S608 — as above.
        return text, (name, *self._from, self._limit)

    def sources(self, place: Place, served: Filter | None) -> list[Source]:
        """The rows of a place that a filter lets through: one source for each of its values."""
        if place.kind == "list":
            return [self.listed(str(place.of))]
        name = f"{place.kind}:{place.of}"
        if served is not None and served.name in BY_LIST.get(place.kind, ()):
            return [self.listed(f"{name}/{served.name}:{value}") for value in served.values]
        if place.kind in {"assignee", "watcher"}:
            return [self.listed(name)]
        condition: LiteralString = "true" if place.kind == "all" else f"{COLUMN[place.kind]} = %b"
        of = () if place.kind == "all" else (place.of,)
        if served is None:
            return [self.rows(condition, "true" if place.kind == "all" else "not deleted", of)]
        if served.name in {"overdue", "dead"}:
            return [self.rows(condition, f"{'overdue' if served.name == 'overdue' else 'dead'} and not deleted", of)]
        return [self.rows(f"{condition} and {COLUMN[served.name]} = %b", "not deleted", (*of, value)) for value in served.values]

    def merged(self, sources: Sequence[Source], *, distinct: bool = False) -> Source:
        """Several sources as one, in order."""
        if len(sources) == 1:
            return sources[0]
        arguments = tuple(argument for _, own in sources for argument in own)
        all_of_them = " union all ".join(text for text, _ in sources)
        only = "distinct on (id) " if distinct else ""
        text: LiteralString = f"(select {only}* from ({all_of_them}) u order by id {self._direction} limit %b)"  # noqa: S608 — as above.
        return text, (*arguments, self._limit)
