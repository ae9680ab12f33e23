"""An auditor's question costs the same however long the log is: each look goes by an index, over a bounded part."""

from uuid import UUID

import psycopg
import pytest

from infra.postgres.event_log import statement
from infra.postgres.migrate import migrate
from tests.servers import Database

FILL = """
insert into daybook.events (position, stream_id, version, type, data, metadata, actor_id, recorded_at)
select n, ('00000000-0000-7000-8000-' || lpad((n %% 500)::text, 12, '0'))::uuid, n / 500 + 1, case n %% 7 when 0 then 'rare' else 'usual' end,
       '{}', '{}', ('00000000-0000-7000-8000-' || lpad((n %% 40)::text, 12, '0'))::uuid, now() from generate_series(1, %s) n"""
SOMEBODY = UUID("00000000-0000-7000-8000-000000000007")


@pytest.fixture(scope="module")
def filled(module_database: Database) -> Database:
    migrate(module_database.owner_url)
    with psycopg.connect(module_database.super_url, autocommit=True) as connection:
        connection.execute(FILL, (60_000,))
        connection.execute("analyze daybook.events")
    return module_database


@pytest.mark.parametrize(
    ("by_actor", "of_stream", "index"),
    [(True, False, "events_of_an_actor"), (False, True, "one_event_per_version"), (False, False, "events_pkey")],
)
def test_a_look_goes_by_the_index_of_what_is_asked_for(filled, by_actor, of_stream, index):
    query = statement(by_actor=by_actor, of_stream=of_stream).replace("%b", "%s")
    sought = [SOMEBODY] * (by_actor + of_stream)
    with psycopg.connect(filled.app_url) as connection:
        connection.execute("set search_path = daybook; set jit = off")
        plan = "\n".join(line for (line,) in connection.execute(f"explain (analyze, buffers) {query}", (0, *sought, 200, "rare", "rare", 50)))
    assert index in plan
    assert "Seq Scan on events" not in plan
    pages = int(plan.partition("shared hit=")[2].split()[0]) if "shared hit=" in plan else 0
    assert 0 < pages < 1500, plan
