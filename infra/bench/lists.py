"""EXPLAIN: what every kind of list of tasks touches among a million of them, beside the most it may."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.bench.crowd import FEW, HELPER, LAST, NODE, OWNER, PROJECT, RARE, settle
from infra.bench.explained import Explaining
from infra.bench.place import Place
from infra.bench.row import Row
from infra.settings import Settings
from projections.shared.reading import Freshness
from projections.shared.scan import MOST
from projections.tasks.task_pages import Sorting, part, sheet
from projections.tasks.task_search import Filter, Sought, assigned, mine, walk
from projections.tasks.task_search import Place as Where

TASKS: Final = 1_000_000
LIMIT: Final = 50
AT_ONCE: Final = "as it gives"
BOUNDED: Final = "10,000"


def words(name: str, *values: str) -> Filter:
    """One of several words of a field."""
    return Filter(name, f"{name} = any(%b::text[])", (list(values),), values)


def tagged(*values: str) -> Filter:
    """One of several tags."""
    return Filter("tag", "tags && %b::text[]", (list(values),), values)


def helping(user: UUID) -> Filter:
    """Somebody is to work on it."""
    return Filter("assignee", "%b = any(assignee_ids)", (user,), (user,))


OVERDUE: Final = Filter("overdue", "overdue", (), (True,))
DEAD: Final = Filter("dead", "dead", (), (True,))
PENDING, FAILED, URGENT = words("status", "pending"), words("status", "failed"), words("priority", "urgent")
DUE: Final = Filter("due", "due_date >= %b", (LAST - timedelta(days=30),))


def text(word: str) -> Filter:
    """A word in title or description."""
    return Filter("q", "title || ' ' || coalesce(description, '') ilike all(%b::text[])", ([f"%{word}%"],))


class Case(msgspec.Struct, frozen=True):
    """A kind of list. `sorting` or `page`: with a total."""

    name: str
    places: tuple[Where, ...]
    filters: tuple[Filter, ...] = ()
    sorting: Sorting | None = None
    page: int | None = None
    deleted: bool = False
    oldest_first: bool = False


def cases() -> Iterator[Case]:
    """Every kind of list: each place alone, with each filter that is served, with several; sorted, numbered, searched."""
    places = {"owner": Where("owner", OWNER), "node": Where("node", NODE), "project": Where("project", PROJECT)}
    one_more = {"status": PENDING, "2 statuses": words("status", "failed", "in_review"), "priority": URGENT, "overdue": OVERDUE, "tag": tagged("fan")}
    for name, place in places.items():
        yield Case(name, (place,))
        yield from (Case(f"{name}, {word}", (place,), (one,)) for word, one in one_more.items())
    yield Case("owner, 2 tags", (places["owner"],), (tagged("fan", "paint"),))
    yield Case("owner, assignee", (places["owner"],), (helping(HELPER),))
    yield Case("project, assignee", (places["project"],), (helping(HELPER),))
    yield Case("project, owner", (places["project"],), (Filter("owner", "owner_id = %b", (OWNER,), (OWNER,)),))
    yield Case("owner, oldest first", (places["owner"],), oldest_first=True)
    yield Case("a small owner", (Where("owner", FEW),))
    yield Case("mine", mine(HELPER))
    yield from (Case(f"mine, {word}", mine(HELPER), (one,)) for word, one in one_more.items())
    yield Case("assigned to me", assigned(HELPER))
    yield Case("watched", (Where("watcher", HELPER),))
    yield Case("all", (Where("all"),))
    yield from (Case(f"all, {word}", (Where("all"),), (one,)) for word, one in {"status": FAILED, "overdue": OVERDUE, "dead": DEAD}.items())
    yield Case("all, external id", (Where("all"),), (Filter("external", "external_id = %b", ("ticket-42",)),))
    yield from _combined(places["owner"])


def _combined(owner: Where) -> Iterator[Case]:
    everybody = (Where("all"),)
    yield Case("owner, status and priority", (owner,), (PENDING, URGENT))
    yield Case("owner, due", (owner,), (DUE,))
    yield Case("mine, status and tag", mine(HELPER), (FAILED, tagged("night shift")))
    yield Case("all, a tag", everybody, (tagged("customer"),))
    yield Case("all and deleted", everybody, deleted=True)
    yield Case("owner and deleted", (owner,), deleted=True)
    yield Case("owner, a usual word", (owner,), (text("pump"),))
    yield Case("owner, a rare word", (owner,), (text(RARE),))
    yield Case("all, a rare word", everybody, (text(RARE),))
    yield Case("a small owner, page 1", (Where("owner", FEW),), page=1)
    yield Case("owner, page 1", (owner,), page=1)
    yield Case("owner, page 100", (owner,), page=100)
    yield Case("owner, overdue, page 2", (owner,), (OVERDUE,), page=2)
    yield Case("mine, page 1", mine(HELPER), page=1)
    yield Case("all, page 1", everybody, page=1)
    yield Case("owner by due date", (owner,), sorting=Sorting("due_date", descending=False))
    yield Case("owner, due, by due date", (owner,), (DUE,), Sorting("due_date", descending=False))
    yield Case("mine, due, by due date", mine(HELPER), (DUE,), Sorting("due_date", descending=True))
    yield Case("project by priority", (Where("project", PROJECT),), (PENDING,), Sorting("priority", descending=True))
    yield Case("all by title, page 3", everybody, (URGENT,), Sorting("title", descending=False), 3)


class Found(msgspec.Struct, frozen=True):
    """What a case touched in the worst of its plans, and the most it may."""

    name: str
    bound: str
    most: int
    tasks: int
    entries: int
    given: int
    ms: float
    pages: int
    scans: str

    @property
    def holds(self) -> bool:
        """Whether it touched no more than it may."""
        return max(self.tasks, self.entries) <= self.most


async def look(tables: Explaining, case: Case) -> Found:
    """Carry one case out and see."""
    sought = Sought(case.places, case.filters, case.deleted)
    port: Any = tables
    is_sheet = case.sorting is not None or case.page is not None
    way = walk(sought, LIMIT + 1, oldest_first=case.oldest_first)
    if is_sheet:
        await sheet(port, sought, case.sorting, Freshness(), limit=LIMIT, offset=LIMIT * ((case.page or 1) - 1))
    else:
        await part(port, sought, Freshness(), limit=LIMIT, oldest_first=case.oldest_first)
    exact = not is_sheet and not way.left
    worst = max(tables.touched, key=lambda one: (max(one.rows, one.entries), one.ms))
    sources = way.rows.count("limit %b)") if " union all " in way.rows else 1  # Of each merged source, one row is looked at ahead.
    met = sources if "distinct on" in way.rows else 1  # A task that has both tags is met in the list of each.
    most = worst.lines * met + sources - 1 if exact else MOST + sources - 1
    scans = ", ".join(worst.scans)
    return Found(case.name, AT_ONCE if exact else BOUNDED, most, worst.rows, worst.entries, worst.lines, worst.ms, worst.pages, scans)


async def looks(url: str) -> list[Found]:
    """All cases, each twice, so that the second finds its pages in memory."""
    tables = Explaining(url)
    try:
        return [[await look(tables, case) for _ in range(2)][-1] for case in cases()]
    finally:
        tables.close()


def explain(place: Place) -> list[Row]:
    """A million tasks in a database of their own; a row for each kind of list."""
    settings = place.settings()
    tasks = int(TASKS * min(1.0, place.quick))
    place.say(f"EXPLAIN: writing {tasks:,} tasks")
    found = place.run(prepare_and_look, settings, tasks=tasks)
    return [_row(msgspec.convert(one, Found)) for one in found]


def prepare_and_look(settings: Settings, tasks: int) -> list[Found]:
    """Fill and look, in a process of its own."""
    import psycopg

    from infra.postgres.connections import SESSION
    from infra.postgres.row_table import RowTable
    from projections.tasks.task_board import TASK_BOARD

    with psycopg.connect(settings.database_url, autocommit=True, options=SESSION) as connection:
        table = RowTable(TASK_BOARD, 1)
        connection.execute(
            "insert into read_models (model, build, store, state, log_id) values (%s, 1, 'postgres', 'live', gen_random_uuid())", (TASK_BOARD.table,)
        )
        for statement in (*table.create(), *table.show()):
            connection.execute(statement.encode())
        settle(connection, tasks)
    return asyncio.run(looks(settings.database_url))


def _row(found: Found) -> Row:
    return Row(
        id="EXPLAIN",
        what=found.name,
        against=f"the most: {found.bound}",
        unit="rows",
        ours=max(found.tasks, found.entries),
        rival=found.most,
        reach=1.0,
        lower_is_better=True,
        note=f"gives {found.given}, {found.ms:.1f} ms, {found.pages:,} pages, by {found.scans}",
    )
