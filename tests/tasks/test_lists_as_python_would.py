"""Lists of tasks on a real PostgreSQL, beside what plain Python lists of the same rows; and paging while everything changes."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import combinations
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from infra.bench.crowd import FEW, HELPER, LAST, NODE, OWNER, PROJECT, crowd
from infra.bench.lists import DEAD, DUE, FAILED, OVERDUE, PENDING, URGENT, helping, tagged, text, words
from infra.postgres.connections import SESSION
from infra.postgres.migrate import migrate
from projections.shared.reading import Freshness
from projections.tasks import task_pages
from projections.tasks.task_pages import Sorting, part, sheet
from projections.tasks.task_search import Filter, Place, Sought, assigned, mine
from tests.servers import Database
from tests.tasks.lists import Board, fits, make_board, stands_in

ANY = Freshness()
PLACES = {
    "owner": (Place("owner", OWNER),), "small owner": (Place("owner", FEW),), "node": (Place("node", NODE),), "project": (Place("project", PROJECT),),
    "mine": mine(HELPER), "assigned": assigned(OWNER), "watched": (Place("watcher", HELPER),), "all": (Place("all"),),
    "node and owner": (*mine(OWNER), Place("node", NODE)),
}  # fmt: skip
FILTERS = (
    PENDING, FAILED, words("status", "failed", "completed", "pending"), URGENT, words("priority", "urgent", "low"), OVERDUE, DEAD, DUE,
    Filter("overdue", "not overdue", ()), tagged("fan"), tagged("fan", "paint", "customer"), helping(HELPER), text("PUMP"),
    Filter("owner", "owner_id = %b", (OWNER,), (OWNER,)), Filter("external", "external_id = %b", ("ticket-42",)),
)  # fmt: skip


@pytest.fixture(scope="module")
async def board(module_database: Database) -> AsyncIterator[Board]:
    migrate(module_database.owner_url)
    with psycopg.connect(module_database.app_url, autocommit=True, options=SESSION) as connection:
        make_board(connection, index=True)
    board = Board(module_database.app_url)
    await board.put(*_crowd())
    yield board
    board.close()


def _crowd():
    """Everybody's helper sometimes helps the owner of it all, who helps in their own."""
    for nth, row in enumerate(crowd(700)):
        yield replace(row, owner_id=HELPER) if nth % 9 == 0 else replace(row, assignee_ids=[OWNER, HELPER]) if nth % 7 == 0 else row


@pytest.fixture(autouse=True)
def fewer(monkeypatch):
    monkeypatch.setattr(task_pages, "MOST", 60)
    monkeypatch.setattr(task_pages, "MORE", "60+")


def by_python(board: Board, sought: Sought) -> list[UUID]:
    places = [place for place in sought.places if place.kind != "list"]
    if sought.places == assigned(OWNER):
        places = [Place("assignee", OWNER)]
    found = [
        row.id
        for row in board.rows.values()
        if any(stands_in(row, place) for place in places) and (sought.deleted or not row.deleted) and all(fits(row, one) for one in sought.filters)
    ]
    return sorted(found, reverse=True)


async def paged(board: Board, sought: Sought, limit: int, *, oldest_first: bool = False, between=None) -> list[UUID]:
    found, beyond = list[UUID](), None
    while True:
        now = await part(board, sought, ANY, limit=limit, beyond=beyond, oldest_first=oldest_first)
        assert len(now.rows) <= limit
        found += [row.id for row in now.rows]
        if now.following is None:
            return found
        beyond = now.following
        if between is not None:
            await between()


@pytest.mark.parametrize("name", PLACES)
async def test_page_after_page_every_list_is_what_python_lists_however_it_is_filtered(board, name):
    some = [(), *((one,) for one in FILTERS), *random.Random(name).sample(list(combinations(FILTERS, 2)), 12)]  # noqa: S311 — nothing secret.
    for filters in some:
        sought = Sought(PLACES[name], filters)
        must = by_python(board, sought)
        assert await paged(board, sought, 7) == must, filters
    assert await paged(board, Sought(PLACES[name]), 50, oldest_first=True) == by_python(board, Sought(PLACES[name]))[::-1]


@pytest.mark.parametrize("name", ["owner", "all", "project"])
async def test_deleted_tasks_are_there_only_where_they_are_asked_for(board, name):
    sought = Sought(PLACES[name], (PENDING,), deleted=True)
    assert await paged(board, sought, 20) == by_python(board, sought)
    assert any(board.rows[one].deleted for one in by_python(board, Sought(PLACES["all"], deleted=True)))


async def test_of_a_span_of_time_nothing_else_is_looked_at_and_nothing_is_missing(board):
    since, until = LAST - timedelta(days=300), LAST - timedelta(days=200)
    filters = (Filter("created", "created_at >= %b", (since,)), Filter("created", "created_at <= %b", (until,)))
    must = [row.id for row in board.rows.values() if since <= row.created_at <= until and not row.deleted]
    assert await paged(board, Sought((Place("all"),), filters, since=since, until=until), 11) == sorted(must, reverse=True)


@pytest.mark.parametrize("by", ["due_date", "priority", "title", "status", "updated_at"])
@pytest.mark.parametrize("descending", [False, True])
async def test_sorted_lists_are_paged_in_their_order_without_gap_or_repetition(board, by, descending):
    sought, sorting = Sought((Place("owner", FEW),)), Sorting(by, descending)
    found, after, total = [], None, None
    while True:
        now = await sheet(board, sought, sorting, ANY, limit=4, after=after)
        assert (now.total is None) == (after is not None)
        total = now.total or total
        found += now.rows
        if not now.has_more:
            break
        after = (now.last, now.rows[-1].id)
    assert sorted(row.id for row in found) == sorted(by_python(board, sought))
    assert total == len(found) > 4
    order = {"priority": ["low", "medium", "high", "urgent"], "status": ["pending", "in_progress", "in_review", "completed", "failed", "cancelled"]}
    values = [getattr(row, by) for row in found]
    values = [value for value in values if value is not None]
    assert values == sorted(values, key=order[by].index if by in order else None, reverse=descending)
    assert all(row.due_date is None for row in found[len(values) :]), "those without a date are the last, from either end"


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", ["owner", "project", "mine"])
async def test_a_span_of_due_dates_is_listed_in_their_order_however_many_tasks_there_are(board, name, descending):
    sought, found, after = Sought(PLACES[name], (DUE, words("status", "pending", "completed"))), [], None
    while True:
        now = await sheet(board, sought, Sorting("due_date", descending), ANY, limit=6, after=after)
        found += now.rows
        if not now.has_more:
            break
        after = (now.last, now.rows[-1].id)
    assert sorted(row.id for row in found) == sorted(by_python(board, sought))
    assert [row.due_date for row in found] == sorted((row.due_date for row in found), reverse=descending)


async def test_a_numbered_page_says_how_many_there_are_or_that_there_are_more_than_it_looked_at(board):
    few, many = Sought((Place("owner", FEW),), (words("status", "completed", "pending"),)), Sought((Place("owner", OWNER),))
    told = await sheet(board, few, None, ANY, limit=5, offset=5)
    assert ([row.id for row in told.rows], told.total) == (by_python(board, few)[5:10], len(by_python(board, few)))
    told = await sheet(board, many, None, ANY, limit=5, offset=5)
    assert ([row.id for row in told.rows], told.total) == (by_python(board, many)[5:10], "60+")
    nothing = await sheet(board, few, None, ANY, limit=5, offset=500)
    assert (list(nothing.rows), nothing.total, nothing.has_more) == ([], len(by_python(board, few)), False)


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_changes_meanwhile_no_task_comes_twice_and_none_that_fits_throughout_is_missing(board, seed):
    dice = random.Random(seed)  # noqa: S311 — nothing secret.
    name = dice.choice(("mine", "owner", "project", "all"))
    sought = Sought(PLACES[name], dice.choice(((), (words("status", "pending", "completed"),), (tagged("fan", "paint"),), (PENDING, URGENT))))
    always, before = set(by_python(board, sought)), dict(board.rows)

    async def change() -> None:
        nonlocal always
        some = [dice.choice(list(board.rows.values())) for _ in range(4)]
        new = replace(some[0], id=UUID(int=some[0].id.int ^ dice.getrandbits(60)), version=1)
        changed = [
            replace(some[1], deleted=not some[1].deleted),
            replace(some[2], status=dice.choice(("pending", "failed", "completed"))),
            replace(some[3], assignee_ids=[HELPER], tags=["fan"]),
        ]
        await board.put(*{row.id: row for row in (new, *changed)}.values())
        always &= set(by_python(board, sought))

    found = await paged(board, sought, 9, between=change)
    assert len(set(found)) == len(found)
    assert set(found) >= always
    for row in board.rows.values():
        if row.id not in before:
            await board.put(replace(row, deleted=True, owner_id=UUID(int=9), project_id=None, assigned_node_id=None, assignee_ids=[], tags=[]))
    await board.put(*before.values())
