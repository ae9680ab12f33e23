"""History is final: nobody changes it, and the application writes it through `append` alone (A14)."""

from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from infra.postgres.batch import APPEND, arguments, encode
from infra.postgres.connections import SESSION
from tests.infra.log.toys import added, entry
from tests.servers import IN_SERVICE, Database

CHANGES = [
    "update daybook.events set data = '{}'",
    "update daybook.events set position = position + 1000000",
    "delete from daybook.events",
    "truncate daybook.events",
    "truncate daybook.events cascade",
    "merge into daybook.events using (select 1) as one on true when matched then delete",
]
WRITES = [
    """insert into daybook.events select max(position) + 1, gen_random_uuid(), 1, 'forged', '{}', '{}', null, clock_timestamp()
       from daybook.events""",
    "insert into daybook.commands values ('forged', 1)",
    "insert into daybook.http_keys values (0, 'k', 'f', null, 200, 1, null, clock_timestamp())",
    "insert into daybook.http_keys_0 values (0, 'k', 'f', null, 200, 1, null, clock_timestamp())",
    "insert into daybook.unique_claims values ('toy', 'forged', gen_random_uuid())",
    "insert into daybook.vault values ('toy', gen_random_uuid(), 'forged')",
    "update daybook.vault set sealed = ''",
    "delete from daybook.vault",
    "delete from daybook.unique_claims",
    "update daybook.log_identity set log_id = gen_random_uuid()",
    "insert into daybook.recorder_tracking values ('forged', 1)",
    "insert into daybook.simulated_payments values ('forged', gen_random_uuid(), 'refund', 1, 'done')",
    "update daybook.simulated_payments set amount = 0",
    "alter table daybook.events disable trigger all",
    "drop trigger history_is_final on daybook.events",
    "create table daybook.mine (id int)",
    "create or replace function daybook.forget_http_keys() returns boolean language sql as 'select true'",
]


@pytest.fixture
def told(database: Database):
    """A database whose log holds at least one event."""
    with psycopg.connect(database.app_url, options=SESSION, autocommit=True) as connection:
        wanted = encode(entry(datetime.now(UTC), added(uuid4(), 1)))
        assert connection.execute(APPEND, arguments([wanted]), binary=True).fetchone()[1] == "ok"
    return database


def count(database: Database):
    with psycopg.connect(database.super_url) as connection:
        return connection.execute("select count(*), max(position), sum(length(data)) from daybook.events").fetchone()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("who", ["owner_url", "super_url", "app_url"])
def test_nobody_changes_or_removes_an_event(told, who, change):
    before = count(told)
    with (
        psycopg.connect(getattr(told, who), options=SESSION if who == "app_url" else "") as connection,
        pytest.raises(InsufficientPrivilege),
    ):
        connection.execute(change)
    assert count(told) == before


def test_a_session_that_plays_a_replica_changes_nothing_either(told):
    """Ordinary triggers are silent then; these are not."""
    with psycopg.connect(told.super_url) as connection:
        connection.execute("set session_replication_role = replica")
        with pytest.raises(InsufficientPrivilege, match="history is final"):
            connection.execute("delete from daybook.events")


@pytest.mark.parametrize("write", WRITES)
def test_the_application_writes_the_log_and_what_stands_beside_it_only_by_append(told, write):
    before = count(told)
    with psycopg.connect(told.app_url, options=SESSION) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(write)
    assert count(told) == before


def test_append_runs_as_the_owner_with_a_search_path_nobody_can_bend(told):
    with psycopg.connect(told.super_url) as connection:
        rows = connection.execute(
            "select proname, prosecdef, proconfig from pg_proc where pronamespace = 'daybook'::regnamespace and prosecdef"
        ).fetchall()
    assert {row[0] for row in rows} >= {"append", "record", "forget_http_keys", "release_stuck_lock"}
    paths = {next(setting for setting in row[2] if setting.startswith("search_path=")) for row in rows}
    assert paths == {"search_path=daybook, pg_temp", "search_path=pg_catalog, pg_temp"}


def test_a_table_of_the_callers_own_does_not_stand_in_for_the_log(told):
    with psycopg.connect(told.app_url, options=SESSION, autocommit=True) as connection:
        connection.execute("create temporary table events (like daybook.events)")
        wanted = encode(entry(datetime.now(UTC), added(uuid4(), 1)))
        assert connection.execute(APPEND, arguments([wanted]), binary=True).fetchone()[1] == "ok"
        assert connection.execute("select count(*) from pg_temp.events").fetchone() == (0,)


def test_strangers_may_not_call_the_functions(told):
    stranger = f"stranger_{uuid4().hex[:8]}"
    with psycopg.connect(told.super_url) as connection:
        connection.execute(f"create role {stranger}")
        allowed = connection.execute(
            "select bool_or(has_function_privilege(%s, oid, 'execute')) from pg_proc where pronamespace = 'daybook'::regnamespace",
            (stranger,),
        ).fetchone()
        connection.rollback()
    assert allowed == (False,)


def test_a_commit_is_on_disk_when_it_is_acknowledged(told):
    with psycopg.connect(told.app_url, options=SESSION) as connection:
        assert connection.execute("show synchronous_commit").fetchone() == ("on",)
    with psycopg.connect(told.super_url) as connection:
        assert connection.execute(IN_SERVICE, {"name": "fsync"}).fetchone() == ("on",)


def test_sessions_of_the_application_are_bounded(told):
    wanted = {"lock_timeout": "2s", "idle_in_transaction_session_timeout": "5s", "client_connection_check_interval": "500ms"}
    with psycopg.connect(told.app_url, options=SESSION) as connection:
        assert {setting: connection.execute(f"show {setting}").fetchone()[0] for setting in wanted} == wanted
