"""`daybook up`: everything starts, one screen says how to use it, and everything goes away again."""

import json
import os
import pty
import re
import signal
import socket
import stat
import sys

import psutil
import pytest

from api.shared.limits import USUAL, policies
from infra.local.program import free_port
from infra.local.state import CLONE
from tests.eventually import until
from tests.infra.doubles.run import gone, refused

pytestmark = pytest.mark.server


def test_the_screen_says_where_to_go_and_how_to_get_in_the_first_time_only(start):
    first = start().ready()
    assert f"http://127.0.0.1:{first.port}\n" in first.said
    assert f"http://127.0.0.1:{first.port}/api/docs\n" in first.said
    kept = first.state.folder / "admin.json"
    admin = json.loads(kept.read_bytes())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert admin["email"] in first.said
    assert admin["password"] in first.said
    assert re.search(r"serve +ready +answers \(process \d+\)", first.said)
    first.stop()
    second = start().ready()
    assert admin["password"] not in second.said
    assert json.loads(kept.read_bytes()) == admin


def test_the_administrator_of_the_environment_is_used(start):
    run = start(environment={"ADMIN_EMAIL": "ada@example.org", "ADMIN_PASSWORD": "correct horse"}).ready()
    assert json.loads((run.state.folder / "admin.json").read_bytes()) == {"email": "ada@example.org", "password": "correct horse"}


@pytest.mark.parametrize(
    ("environment", "limit"), [({}, 100_000), ({"RATE_LIMITS": "login=7/60"}, 7), ({"THROTTLER_LIMIT": "9"}, USUAL["login"].limit)], ids=str
)
def test_nobody_meets_rate_limits_on_a_machine_of_their_own_unless_they_ask_for_some(start, environment, limit):
    run = start(environment=environment).ready()
    assert policies(str(run.ask("/limits")["rate_limits"]))["login"].limit == limit


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_takes_less_than_ten_seconds_and_leaves_nothing(start, number):
    run = start().ready()
    everyone = run.everyone()
    names = " ".join(process.name() for process in everyone)
    assert "daybook-serve" in names
    assert "daybook-relay" in names
    assert "postgres" in names
    assert "valkey-server" in names
    assert run.stop(number) < 10
    assert gone(everyone)
    assert not (run.state.folder / "running.json").exists()


def test_a_process_that_does_not_listen_is_killed_in_time(start):
    run = start().ready()
    run.ask("/deaf")
    run.ask("/deaf", "relay")
    everyone = run.everyone()
    assert run.stop() < 10
    assert gone(everyone)
    assert "relay did not end in time and was killed" in run.said


def test_nothing_survives_the_sudden_death_of_the_supervisor_and_the_next_up_works(start):
    run = start().ready()
    everyone = run.everyone()
    run.process.kill()
    run.process.wait()
    until(lambda: gone(everyone), what="all processes gone")
    again = start().ready()
    assert "Administrator" not in again.said


def test_a_second_up_in_one_clone_is_refused_and_the_first_goes_on(start):
    first = start().ready()
    assert "already runs in this clone" in refused(start())
    assert first.ask("/pid")["pid"] == first.running().processes["serve"].pid


def test_a_taken_port_is_refused_and_its_owner_named_by_port(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = start(port=port)
        assert f"port {port} on 127.0.0.1 cannot be used" in refused(run)
    assert not (run.state.folder / "postgres").exists()


def test_a_wrong_environment_is_refused_before_anything_is_started(start):
    run = start(environment={"BROKER_URL": "amqp://mq"})
    assert "BROKER_URL has the unknown scheme 'amqp'" in refused(run)
    assert not (run.state.folder / "postgres").exists()


def test_a_folder_of_another_postgresql_is_refused(start, folder):
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text("17\n")
    assert "PostgreSQL 17, and this Daybook runs 18" in refused(start())


def test_a_database_of_a_newer_schema_is_refused_and_nothing_stays_behind(start):
    run = start("newer")
    assert "use a newer Daybook" in refused(run)
    again = start().ready()
    assert again.stop() < 10


def test_servers_of_the_environment_replace_the_embedded_ones(start, any_database, redis_url):
    run = start(environment={"DATABASE_URL": any_database.owner_url, "REDIS_URL": redis_url}).ready()
    assert "PostgreSQL from DATABASE_URL, Redis from REDIS_URL" in run.said
    assert {process.name() for process in run.everyone()} == {"daybook-serve", "daybook-relay"}
    assert not (run.state.folder / "postgres").exists()
    assert (run.state.folder / "secrets.json").exists()


def test_a_terminal_shows_what_each_process_is_doing_and_closing_it_stops_everything(folder):
    folder.mkdir(parents=True)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(CLONE)
        os.execv(sys.executable, [sys.executable, "-m", "tests.infra.doubles.up", str(folder), str(free_port())])  # noqa: S606 — no shell needed.
    seen = b""
    while b"\x1b[2Kserve port " not in seen:
        seen += os.read(terminal, 4096)
    assert b"Ctrl-C stops everything" in seen
    everyone = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    assert len(everyone) > 4
    os.close(terminal)
    assert os.waitpid(pid, 0)
    until(lambda: gone(everyone), what="all processes gone")
