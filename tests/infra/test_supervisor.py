"""While `up` runs: what dies comes back and is named, what is wrong is shown."""

import json
import os
import re
import signal
import urllib.error

import psutil
import pytest

from infra.local.program import LARGEST_LOG
from infra.supervisor.health import Health, health
from infra.supervisor.log import Log
from tests.eventually import until

pytestmark = pytest.mark.server


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
    until(lambda: "relay: not ready (log: cannot be reached)" in run.said)


def test_each_process_has_its_own_session_and_none_of_the_supervisors_files(start):
    run = start().ready()
    for name in ("serve", "relay"):
        seen = run.ask("/pid", name)
        assert seen["sid"] == seen["pid"]
        open_files = psutil.Process(run.running().processes[name].pid).open_files()
        assert str(run.state.folder / "lock") not in [file.path for file in open_files]


def test_logs_stay_below_a_size(folder):
    folder.mkdir(parents=True)
    for size in (LARGEST_LOG, LARGEST_LOG + 1):
        with (folder / "relay.log").open("wb") as file:
            file.truncate(size)
        Log(folder / "relay.log")
    assert (folder / "relay.log").stat().st_size == 0
    assert (folder / "relay.log.1").stat().st_size == LARGEST_LOG + 1


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            '{"level": "error", "event": "append failed", "exception": "Traceback …\\n  File …\\nOSError: disk full"}',
            ["append failed OSError: disk full"],
        ),
        ('{"level": "info", "event": "started"}', []),
        ("INFO - 2026 - uvicorn.error - started", []),
        ("Traceback (most recent call last):", []),
        ('  File "x.py", line 1', []),
        ("MemoryError: no more", ["MemoryError: no more"]),
    ],
)
def test_only_what_a_person_should_see_is_taken_from_a_log(tmp_path, line, shown):
    log = Log(tmp_path / "relay.log")
    log.path.write_text(f"{line}\nhalf a line")
    assert log.loud() == shown
    assert log.loud() == []


@pytest.mark.parametrize(
    ("status", "body", "state", "doing"),
    [
        (200, {"doing": {"head": 7, "leads": True, "positions": {"task_board": 7}}}, "ready", "head 7, leads True"),
        (200, {"checks": {"log": "ok", "broker": "gone"}, "doing": {"head": 7}}, "ready", "broker: gone, head 7"),
        (503, {"checks": {"log": "ok", "redis": "refused"}}, "not ready (redis: refused)", ""),
        (503, {"detail": "draining"}, "not ready (draining)", ""),
        (503, {}, "not ready (status 503)", ""),
        (200, "ok", "ready", ""),
    ],
)
def test_an_answer_about_health_is_put_in_words(status, body, state, doing):
    assert health(status, json.dumps(body).encode()) == Health(state, doing)
