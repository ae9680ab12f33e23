"""A look at what happened lately costs the same however much happened: by the index, and no more rows than it may show."""

from uuid import UUID

import psycopg
import pytest

from infra.postgres.migrate import migrate
from infra.postgres.row_table import RowTable
from projections.projects.activity import ACTIVITY, OF_PROJECT, OF_PROJECTS
from tests.servers import Database

FILL = """
insert into read_models.activity_v1_b1
select ('00000000-0000-7000-8000-' || lpad((n %% 200)::text, 12, '0'))::uuid, n, now(), null, 'task.created',
       ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'task', null, '{}' from generate_series(1, %s) n"""
PROJECTS = [UUID(f"00000000-0000-7000-8000-{nth:012}") for nth in range(100)]


@pytest.fixture(scope="module")
def filled(module_database: Database) -> Database:
    migrate(module_database.owner_url)
    table = RowTable(ACTIVITY, 1)
    with psycopg.connect(module_database.super_url, autocommit=True) as connection:
        for statement in (*table.create(), *table.index(), *table.show()):
            connection.execute(statement.encode())
        connection.execute(FILL, (60_000,))
        connection.execute("analyze read_models.activity_v1_b1")
    return module_database


@pytest.mark.parametrize(
    ("where", "arguments", "most"),
    [(OF_PROJECT, (PROJECTS[0], 2**62, 51), 100), (OF_PROJECTS, (PROJECTS, 2**62, 2**62, PROJECTS[0], 51, 51), 100 * 51 * 2)],
)
def test_it_goes_by_the_index_and_touches_a_bounded_part(filled, where, arguments, most):
    with psycopg.connect(filled.super_url) as connection:
        connection.execute("set search_path = read_models, daybook; set jit = off")
        query = f"explain (analyze, buffers) select * from {ACTIVITY.table} {where}".replace("%b", "%s")
        plan = "\n".join(line for (line,) in connection.execute(query.encode(), arguments))
    assert "Seq Scan on activity" not in plan, plan
    assert 0 < int(plan.partition("shared hit=")[2].split()[0]) < most, plan
