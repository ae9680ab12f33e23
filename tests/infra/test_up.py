"""`daybook up`: everything starts, stays up, and goes away again. Small processes stand in for the real ones."""

import json
import os
import pty
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from infra.local.program import LARGEST_LOG, free_port
from infra.local.state import CLONE, Running, State
from infra.processes.supervisor_log import Log
from tests.eventually import until

pytestmark = pytest.mark.server


class Up:
    """One run of `up` in a folder."""

    def __init__(self, folder: Path, *words: str, port: int = 0, environment: dict[str, str] | None = None) -> None:
        self.state = State(folder)
        self.port = port or free_port()
        self.screen = folder.parent / f"screen-{time.monotonic_ns()}"
        with self.screen.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.infra.doubles.up", str(folder), str(self.port), *words],
                cwd=CLONE, stdout=output, stderr=output, start_new_session=True, env=os.environ | (environment or {}),
            )  # fmt: skip

    @property
    def said(self) -> str:
        return self.screen.read_text()

    def ready(self) -> "Up":
        until(lambda: "Ctrl-C stops everything" in self.said or self.process.poll() is not None, 30, "the screen")
        assert self.process.poll() is None, self.said
        return self

    def running(self) -> Running:
        return msgspec.json.decode((self.state.folder / "running.json").read_bytes(), type=Running)

    def ask(self, path: str, name: str = "serve") -> dict[str, object]:
        port = self.running().processes[name].port
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return dict(json.load(answer))

    def everyone(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, number: int = signal.SIGINT) -> float:
        """Seconds until it ended."""
        began = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(15) == 0, self.said
        return time.monotonic() - began


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a clone" / ".daybook"


@pytest.fixture
def start(folder: Path) -> Iterator[object]:
    folder.parent.mkdir()
    runs: list[Up] = []

    def begin(*words: str, port: int = 0, environment: dict[str, str] | None = None) -> Up:
        runs.append(Up(folder, *words, port=port, environment=environment))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


def gone(processes: list[psutil.Process]) -> bool:
    return not [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


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


@pytest.mark.parametrize("name", ["serve", "relay"])
def test_a_process_that_is_killed_is_named_and_comes_back(start, name):
    run = start().ready()
    before = run.running().processes[name]
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: run.running().processes[name].pid not in (0, before.pid), what="another process")
    until(lambda: f"{name}: ready" in run.said, what="ready again")
    assert f"{name} ended: killed by signal 9; starting it again\n" in run.said
    assert run.running().processes[name].port == before.port


def test_an_exit_code_is_told(start):
    run = start().ready()
    with pytest.raises((OSError, urllib.error.URLError)):
        run.ask("/exit", "relay")
    until(lambda: "relay ended: exit code 3; starting it again" in run.said)


def test_a_process_that_keeps_failing_says_why_and_is_tried_less_and_less_often(start):
    run = start("crashing").ready()
    until(lambda: run.said.count("relay ended") > 3)
    assert "relay ended: exit code 1 (RuntimeError: no way to go on); starting it again" in run.said
    pauses = [float(found) for found in re.findall(r"starting it again in ([\d.]+) s", run.said)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]
    assert run.stop() < 10


@pytest.mark.parametrize("server", ["postgres", "valkey-server"])
def test_an_embedded_server_that_is_killed_comes_back_at_its_address(start, server):
    run = start().ready()
    ports = (run.state.folder / "ports.json").read_bytes()
    victim = next(process for process in psutil.Process(run.process.pid).children() if process.name() == server)
    victim.kill()
    until(lambda: "was started again" in run.said, 20)
    assert (run.state.folder / "ports.json").read_bytes() == ports
    assert server in [process.name() for process in psutil.Process(run.process.pid).children()]


def test_warnings_reach_the_screen_and_the_rest_only_the_log(start):
    run = start().ready()
    run.ask("/warn", "relay")
    until(lambda: "relay: the disk is nearly full" in run.said)
    assert "nothing to see" not in run.said
    assert "nothing to see" in (run.state.logs / "relay.log").read_text()


def test_a_process_that_is_not_ready_says_why(start):
    run = start().ready()
    with pytest.raises(urllib.error.HTTPError) as refused:
        run.ask("/unready", "relay")
    refused.value.close()
    until(lambda: "relay: not ready (the log cannot be reached)" in run.said)


def test_each_process_has_its_own_session_and_none_of_the_supervisors_files(start):
    run = start().ready()
    for name in ("serve", "relay"):
        seen = run.ask("/pid", name)
        assert seen["sid"] == seen["pid"]
        open_files = psutil.Process(run.running().processes[name].pid).open_files()
        assert str(run.state.folder / "lock") not in [file.path for file in open_files]


def refused(run: Up) -> str:
    """What `up` said when it ended at once with exit code 1."""
    assert run.process.wait(20) == 1, run.said
    assert run.said.count("\n") == 1
    return run.said


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


def test_logs_stay_below_a_size(folder):
    folder.mkdir(parents=True)
    for size in (LARGEST_LOG, LARGEST_LOG + 1):
        with (folder / "relay.log").open("wb") as file:
            file.truncate(size)
        Log(folder / "relay.log")
    assert (folder / "relay.log").stat().st_size == 0
    assert (folder / "relay.log.1").stat().st_size == LARGEST_LOG + 1


def test_a_terminal_shows_what_each_process_is_doing_and_closing_it_stops_everything(folder):
    folder.mkdir(parents=True)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(CLONE)
        os.execv(sys.executable, [sys.executable, "-m", "tests.infra.doubles.up", str(folder), str(free_port())])  # noqa: S606 — no shell needed.
    seen = b""
    while b"\x1b[2Kserve answered " not in seen:
        seen += os.read(terminal, 4096)
    assert b"Ctrl-C stops everything" in seen
    everyone = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    assert len(everyone) > 4
    os.close(terminal)
    assert os.waitpid(pid, 0)
    until(lambda: gone(everyone), what="all processes gone")
