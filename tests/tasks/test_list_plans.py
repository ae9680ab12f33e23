"""What every kind of list of tasks may touch, as the server itself says; `daybook bench EXPLAIN` asks the same of a million."""

from collections.abc import Iterator

import psycopg
import pytest

from infra.bench import lists
from infra.bench.crowd import settle
from infra.bench.explained import Explaining
from infra.postgres.connections import SESSION
from infra.postgres.migrate import migrate
from projections.tasks import task_pages, task_search
from tests.servers import Database
from tests.tasks.lists import make_board

MOST = 250
CASES = {case.name: case for case in lists.cases()}


@pytest.fixture(scope="module")
def explaining(module_database: Database) -> Iterator[Explaining]:
    migrate(module_database.owner_url)
    with psycopg.connect(module_database.app_url, autocommit=True, options=SESSION) as connection:
        make_board(connection, index=False)
        settle(connection, 3_000)
    tables = Explaining(module_database.app_url)
    yield tables
    tables.close()


@pytest.fixture(autouse=True)
def fewer(monkeypatch):
    for module in (task_pages, lists):
        monkeypatch.setattr(module, "MOST", MOST)


@pytest.mark.parametrize("name", CASES)
async def test_a_list_touches_no_more_rows_than_it_gives_or_no_more_than_the_most(explaining, name):
    found = await lists.look(explaining, CASES[name])
    assert found.holds, found


def test_of_the_lists_of_an_owner_a_node_or_a_project_none_with_one_filter_looks_at_more_than_it_gives():
    for case in CASES.values():
        alone = len(case.places) == 1 and case.places[0].kind in {"owner", "node", "project"}
        if alone and len(case.filters) < 2 and case.sorting is None and case.page is None and not case.deleted:
            way = task_search.walk(task_search.Sought(case.places, case.filters), 51)
            assert not way.left or case.filters[0].name in {"due", "q"}, case.name
