"""Every look-up of `append` goes by index, also before the server has any statistics (A6)."""

from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from application.shared.ports import Secret
from infra.postgres.batch import APPEND, arguments, encode
from infra.postgres.migrate import migrate
from tests.infra.log.toys import added, entry, name, new_key

EXPLAIN = """
load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
set client_min_messages = log; set search_path = daybook; set jit = off"""


def batch(commands, streams):
    """Commands with everything that can be looked up: two keys, a stream each, a name, a secret."""
    now = datetime.now(UTC)
    return [
        encode(
            entry(
                now, added(stream, version), key=new_key(lasting=nth % 2 == 0), claims=(name(uuid4().hex, stream),),
                secrets=(Secret("toy", stream, b"sealed"), Secret("toy", uuid4(), None)),
            )
        )
        for nth, (stream, version) in zip(range(commands), streams, strict=True)
    ]  # fmt: skip


@pytest.fixture
def plans(any_database):
    """Write batches with the server explaining every statement inside the function; the plans of the last one."""
    migrate(any_database.owner_url)
    with psycopg.connect(any_database.super_url, autocommit=True) as connection:
        connection.execute(EXPLAIN)

        def explained(*batches):
            for one in batches:
                seen: list[str] = []
                handler = seen.append
                connection.add_notice_handler(lambda notice, handler=handler: handler(notice.message_primary or ""))
                rows = connection.execute(APPEND, arguments(one), binary=True).fetchall()
                assert {row[1] for row in rows} == {"ok"}
            return [plan for plan in seen if "Query Text" in plan]

        yield explained


def inside(plans):
    """The plans of the statements inside the function, without those of single constants."""
    return [plan for plan in plans if "select * from append(" not in plan]


def test_nothing_is_read_from_end_to_end_on_a_fresh_database(plans):
    found = inside(plans(batch(1, [(uuid4(), 1)])))
    assert len(found) >= 2
    assert any("with recursive" in plan for plan in found)
    assert [plan for plan in found if "Seq Scan on" in plan] == []


def test_nothing_is_read_from_end_to_end_when_the_log_has_grown_without_analyze(plans):
    streams = [uuid4() for _ in range(200)]
    batches = [batch(200, [(stream, version) for stream in streams]) for version in range(1, 8)]
    for found in (inside(plans(*batches)), inside(plans(batch(256, [(uuid4(), 1) for _ in range(256)])))):
        assert any("Index" in plan and "one_event_per_version" in plan for plan in found)
        assert [plan for plan in found if "Seq Scan on" in plan] == []
