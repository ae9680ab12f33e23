"""What every kind of list of the catalogue may touch, as the server itself says, by each way to plan its statement."""

from collections.abc import Iterator

import msgspec
import psycopg
import pytest

from infra.bench.explained import PLANS, Explaining, nodes
from infra.postgres.connections import SESSION
from infra.postgres.migrate import migrate
from infra.postgres.row_table import RowTable
from infra.postgres.tables import BY_ANYBODY, FAR
from projections.shared.reading import Freshness
from projections.shop import product_search
from projections.shop.product_search import ORDERS, Sought, part
from projections.shop.products import PRODUCTS
from tests.servers import Database

MOST = 250
LIMIT = 20
SOUGHT = {
    "all": Sought(),
    "in stock": Sought(in_stock=True),
    "sold out": Sought(in_stock=False),
    "of a price": Sought(min_price=400, max_price=600),
    "of a currency": Sought(currency="GBP"),
    "of a currency and price, in stock": Sought(currency="GBP", max_price=700, in_stock=True),
    "with a usual word": Sought(text="lamp"),
    "with a rare word": Sought(text="unicorn"),
}
AT_ONCE = {
    "newest": ("all", "in stock"),
    "name": ("all", "in stock"),
    "-name": ("all", "in stock"),
    "price": ("all", "in stock", "of a price", "of a currency"),
    "-price": ("all", "in stock", "of a price", "of a currency"),
}
"""Lists that look at no more rows than they give, and one to know whether there are more."""
FILL = """insert into read_models.products_v2_b1 (id, version, created_at, updated_at, stock_version, name, sort_name, description, sought, amount,
        currency, on_hand, reserved, quantity, in_stock, removed)
    select ('019a0000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, now(), now(), 1, 'Lamp ' || n, 'lamp ' || n, '', 'lamp ' || n, n %% 1000,
        case n %% 10 when 0 then 'USD' else 'GBP' end, n %% 3, 0, n %% 3, n %% 3 > 0, n %% 50 = 0
    from generate_series(1, %s) n"""
EVENTS = """insert into daybook.events (position, stream_id, version, type, data, metadata, recorded_at)
    select n, gen_random_uuid(), 1, 'task.created', '{}', '{}', now() from generate_series(1, %s) n"""


@pytest.fixture(scope="module")
def explaining(module_database: Database) -> Iterator[Explaining]:
    migrate(module_database.owner_url)
    table = RowTable(PRODUCTS, 1)
    with psycopg.connect(module_database.app_url, autocommit=True, options=SESSION) as connection:
        connection.execute(
            "insert into read_models (model, build, store, state, log_id) values (%s, 1, 'postgres', 'live', gen_random_uuid())", (PRODUCTS.table,)
        )
        for statement in (*table.create(), *table.index(), *table.show()):
            connection.execute(statement.encode())
        connection.execute(FILL, (20_000,))
        connection.execute("analyze read_models.products_v2_b1")
    tables = Explaining(module_database.app_url)
    yield tables
    tables.close()


@pytest.mark.parametrize("name", SOUGHT)
@pytest.mark.parametrize("order", ORDERS)
async def test_a_list_touches_no_more_rows_than_it_gives_or_no_more_than_the_most(explaining, monkeypatch, order, name):
    monkeypatch.setattr(product_search, "MOST", MOST)
    first = await part(explaining, SOUGHT[name], ORDERS[order], Freshness(), limit=LIMIT)
    most = LIMIT + 1 if name in AT_ONCE[order] else MOST
    assert 0 < max(one.rows for one in explaining.touched) <= most, explaining.touched
    if first.following is not None:
        await part(explaining, SOUGHT[name], ORDERS[order], Freshness(), limit=LIMIT, after=first.following)
        assert 0 < max(one.rows for one in explaining.touched) <= most, explaining.touched


@pytest.mark.usefixtures("explaining")
@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(("behind", "most"), [(100, 100), (25_000, FAR)])
def test_whether_something_new_concerns_the_catalogue_is_seen_in_what_is_newer_than_it(module_database, plan, behind, most):
    with psycopg.connect(module_database.super_url) as connection:
        connection.execute("set search_path = read_models, daybook; set jit = off; set local plan_cache_mode = " + plan)
        connection.execute(EVENTS, (30_000,))
        connection.execute("analyze events")
        connection.execute("update read_models set position = %s", (30_000 - behind,))
        connection.execute(f"prepare asked as select n.position from read_models m left join lateral ({BY_ANYBODY.replace('%b', '$1')}) n on true")
        told = connection.execute("explain (analyze, format json) execute asked ('{product.added}')").fetchone()
        scan = next(node for node in nodes(msgspec.json.decode(told[0])[0]["Plan"]) if node.get("Relation Name") == "events")
        assert scan["Node Type"].startswith("Index"), scan
        assert scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) <= most, scan
        (position,) = connection.execute("execute asked ('{product.added}')").fetchone()
        assert position == (None if behind < FAR else 30_000 - behind + FAR)
        connection.rollback()
