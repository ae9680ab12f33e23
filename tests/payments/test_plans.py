"""A look at payments or at the books costs the same however many there are: by an index, and no more rows than it may show."""

from uuid import UUID

import psycopg
import pytest

from domain.payments.ledger import Account
from domain.shared.payment_status import PaymentStatus
from infra.postgres.migrate import migrate
from infra.postgres.row_table import RowTable
from projections.payments import ledger, payment_search, payments
from tests.servers import Database

ONE = "('00000000-0000-7000-8000-' || lpad((n {})::text, 12, '0'))::uuid"
PAYMENTS = f"""
insert into read_models.payments_v4_b1 (id, version, order_id, customer_id, round, amount, currency, status, status_message,
    captured, refunded, attempts, state, created_at, updated_at)
select {ONE.format("")}, 1, {ONE.format("/ 2")}, {ONE.format("% 500")}, 1, 1, 'GBP', case when n % 100 = 0 then 'failed' else 'captured' end, '',
    1, 0, '[]', '{{}}', now(), now() from generate_series(1, 60000) n"""
LEDGER = f"""
insert into read_models.ledger_v1_b1
select n / 2, n % 2 + 1, case when n % 2 = 0 then 'provider' else 'sales' end, 'GBP', n % 2, 1 - n % 2, {ONE.format("/ 8")}, null, now()
from generate_series(1, 60000) n"""
WHO = UUID("00000000-0000-7000-8000-000000000100")
SOUGHT = [
    payment_search.Sought(),
    payment_search.Sought(customer_id=WHO),
    payment_search.Sought(order_id=WHO),
    payment_search.Sought(status=PaymentStatus.FAILED),
    payment_search.Sought(customer_id=WHO, status=PaymentStatus.FAILED),
]
QUERIES = [
    *((payments.PAYMENTS, *payment_search.where_of(sought, limit=51, before=UUID("00000000-0000-7000-8000-000000050000"))) for sought in SOUGHT),
    *((ledger.LEDGER, *ledger.where_of(account, order, limit=51)) for account in (None, Account.SALES) for order in (None, WHO)),
]


@pytest.fixture(scope="module")
def filled(module_database: Database) -> Database:
    migrate(module_database.owner_url)
    with psycopg.connect(module_database.super_url, autocommit=True) as connection:
        for model, rows in ((payments.PAYMENTS, PAYMENTS), (ledger.LEDGER, LEDGER)):
            table = RowTable(model, 1)
            for statement in (*table.create(), *table.index(), *table.show()):
                connection.execute(statement.encode())
            connection.execute(rows.encode())
        connection.execute("analyze read_models.payments_v4_b1, read_models.ledger_v1_b1")
    return module_database


@pytest.mark.parametrize(("model", "where", "arguments"), QUERIES, ids=[f"{model.name} {where}" for model, where, _ in QUERIES])
def test_it_goes_by_an_index_and_touches_a_bounded_part(filled, model, where, arguments):
    with psycopg.connect(filled.super_url) as connection:
        connection.execute("set search_path = read_models, daybook; set jit = off")
        query = f"explain (analyze, buffers) select * from {model.table} {where}".replace("%b", "%s")
        plan = "\n".join(line for (line,) in connection.execute(query.encode(), arguments))
    assert "Seq Scan" not in plan, plan
    touched = next(line for line in plan.splitlines() if "Buffers:" in line).partition("Buffers:")[2].split()
    assert sum(int(word.partition("=")[2]) for word in touched if word.startswith(("hit=", "read="))) < 300, plan
