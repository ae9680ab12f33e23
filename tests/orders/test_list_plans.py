"""What every kind of list of orders shows and touches: the orders that fit, newest first (stuck ones by since when they are), and no more rows than
it gives or the most it may.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from infra.bench.explained import Explaining
from infra.postgres.connections import SESSION
from infra.postgres.migrate import migrate
from infra.postgres.row_table import RowTable
from projections.orders import order_search
from projections.orders.order_search import Sought, part
from projections.orders.orders import ORDERS, OrderRow
from projections.shared.reading import Freshness
from tests.servers import Database

MOST, LIMIT, COUNT = 250, 20, 3_000
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
ANN, FEW = UUID(int=0), UUID(int=7)
FILL = """
insert into read_models.orders_v4_b1
select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid, 1,
       ('00000000-0000-0000-0000-' || lpad(case when n %% 3 = 0 then '0' else (n %% 17)::text end, 12, '0'))::uuid,
       (array['completed', 'completed', 'completed', 'pending', 'rejected', 'cancelled', 'refunded'])[1 + n %% 7], '', null,
       case when n %% 50 = 0 then 'failed' when n %% 7 = 4 then 'pending' else 'captured' end, 'unfulfilled', '[]', 100, 'GBP', 0, '{}', '{}', 1,
       at, at, at, 1200, null, case when n %% 11 = 0 then date_trunc('hour', at) + make_interval(hours => n %% 5) end, '[]'
from generate_series(1, %s) n cross join lateral (select %s + n * interval '1 minute' as at) t"""


@pytest.fixture(scope="module")
def tables(module_database: Database) -> Iterator[Explaining]:
    migrate(module_database.owner_url)
    table = RowTable(ORDERS, 1)
    with psycopg.connect(module_database.app_url, autocommit=True, options=SESSION) as connection:
        made = "insert into read_models (model, build, store, state, log_id) values (%s, 1, 'postgres', 'live', %s)"
        connection.execute(made, (ORDERS.table, UUID(int=1)))
        for statement in (*table.create(), *table.index(), *table.show()):
            connection.execute(statement.encode())
        connection.execute(FILL, (COUNT, BEGIN))
        connection.execute("analyze read_models.orders_v4_b1")
    explaining = Explaining(module_database.app_url)
    yield explaining
    explaining.close()


@pytest.fixture(scope="module")
async def everything(tables: Explaining) -> list[OrderRow]:
    found = await tables.ask(ORDERS, f"select * from {ORDERS.table} order by id desc", (), Freshness())
    assert len(found.rows) == COUNT
    return list(found.rows)


@pytest.fixture(autouse=True)
def fewer(monkeypatch):
    monkeypatch.setattr(order_search, "MOST", MOST)


def span(hours: int) -> datetime:
    return BEGIN + timedelta(hours=hours)


Fits = Callable[[OrderRow], bool]
AT_ONCE: dict[str, tuple[Sought, Fits]] = {
    "all": (Sought(), lambda row: True),  # noqa: ARG005 — all of them.
    "a customer's": (Sought(customer_id=ANN), lambda row: row.customer_id == ANN),
    "a small customer's": (Sought(customer_id=FEW), lambda row: row.customer_id == FEW),
    "by status": (Sought(statuses=["rejected"]), lambda row: row.status == "rejected"),
    "by two": (Sought(statuses=["rejected", "pending"]), lambda row: row.status in {"rejected", "pending"}),
    "by payment": (Sought(payment_statuses=["failed"]), lambda row: row.payment_status == "failed"),
    "a customer's by two": (
        Sought(customer_id=ANN, statuses=["refunded", "cancelled"]),
        lambda row: row.customer_id == ANN and row.status in {"refunded", "cancelled"},
    ),
    "stuck": (Sought(stuck_at=span(30)), lambda row: row.late_at is not None and row.late_at <= span(30)),
    "none there are": (Sought(statuses=["confirmed"]), lambda row: row.status == "confirmed"),
}
BOUNDED: dict[str, tuple[Sought, Fits]] = {
    "a customer's by payment": (
        Sought(customer_id=ANN, payment_statuses=["failed"]),
        lambda row: row.customer_id == ANN and row.payment_status == "failed",
    ),
    "of a span": (Sought(since=span(10), until=span(12)), lambda row: span(10) <= row.placed_at <= span(12)),
    "by status and payment": (
        Sought(statuses=["completed", "pending"], payment_statuses=["failed"]),
        lambda row: row.status in {"completed", "pending"} and row.payment_status == "failed",
    ),
    "a customer's stuck": (
        Sought(customer_id=FEW, stuck_at=span(40)),
        lambda row: row.customer_id == FEW and row.late_at is not None and row.late_at <= span(40),
    ),
}


@pytest.mark.parametrize("name", [*AT_ONCE, *BOUNDED])
async def test_a_list_shows_what_fits_and_touches_no_more_than_it_may(tables, everything, name):
    sought, fits = (AT_ONCE | BOUNDED)[name]
    found, beyond = list[UUID](), None
    while True:
        some = await part(tables, sought, Freshness(), limit=LIMIT, beyond=beyond)
        found += [row.id for row in some.rows]
        for touched in tables.touched:
            most = (LIMIT + 1) * max(1, len(sought.statuses)) if name in AT_ONCE else MOST * max(1, len(sought.statuses))
            assert touched.rows <= most, touched
            assert "Seq Scan" not in touched.scans
        if some.following is None:
            break
        beyond = some.following
    shown = [row for row in everything if fits(row)]
    if sought.stuck_at is not None:
        shown.sort(key=lambda row: (row.late_at, row.id), reverse=True)
    assert found == [row.id for row in shown]


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)])
async def test_any_time_there_is_can_bound_a_list(tables, at):
    assert len((await part(tables, Sought(since=at, until=at), Freshness(), limit=LIMIT)).rows) == 0
