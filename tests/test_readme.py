"""The README tells the truth: its commands run, its output is what they print, its map is the code's."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.local.program import free_port
from tests.eventually import until

HOUSE = Path(__file__).parents[1]
README = (HOUSE / "README.md").read_text()
COMMANDS = (
    "status --json",
    "projections list --json",
    "projections verify --all",
    "projections rebuild task_board",
    "events show 1",
    "config show --json",
)
BLOCK = re.compile(r"```(sh|text)\n(.*?)```", re.DOTALL)


def between(marker: str) -> str:
    found = re.search(rf"<!-- {marker} -->\n(.*?)<!-- /{marker} -->", README, re.DOTALL)
    assert found is not None, marker
    return found.group(1)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A fresh copy of what git knows, with the environment that runs these tests."""
    folder = tmp_path_factory.mktemp("clone") / "day book"
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=HOUSE, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (HOUSE / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(HOUSE / name, folder / name)
    return folder


def daybook(clone: Path, *words: str) -> dict[str, Any]:
    """How a command of the copy is called: with the interpreter that runs these tests, but the copy's code."""
    path = {"PYTHONPATH": str(clone), "PATH": os.defpath, "HOME": str(clone.parent)}
    return {"args": [sys.executable, "-P", "-m", "infra", *words], "cwd": clone, "env": path}


@pytest.fixture(scope="module")
def running(clone):
    """`up` in the copy, as a new user has it."""
    port = free_port()
    with (clone.parent / "up.log").open("w") as said:
        process = subprocess.Popen(**daybook(clone, "up", "--port", str(port)), stdout=said, stderr=said)
    log = clone.parent / "up.log"
    try:
        until(lambda: "Daybook is ready" in log.read_text() or process.poll() is not None, seconds=60)
        assert process.poll() is None, log.read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(200) == 0


@pytest.mark.server
@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour is told with curl, which this machine does not have")
def test_the_tour_prints_what_it_says(clone, running):
    blocks = BLOCK.findall(between("tour"))
    script = "".join(text for kind, text in blocks if kind == "sh")
    promised = "".join(text for kind, text in blocks if kind == "text")
    env = {"URL": running, "PATH": f"{Path(sys.executable).parent}:{os.defpath}"}
    told = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=clone, env=env, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert [line.strip() for line in told.stdout.splitlines() if line.strip()] == [line.strip() for line in promised.splitlines()]


@pytest.mark.server
def test_the_commands_of_the_readme_work_on_a_running_system(clone, running):
    del running
    for words in COMMANDS:
        told = subprocess.run(**daybook(clone, *words.split()), capture_output=True, text=True, check=False, timeout=1200)
        assert told.returncode == 0, (words, told.stdout, told.stderr)
        if "--json" in words:
            json.loads(told.stdout)


def test_every_command_the_readme_names_has_help():
    named = {match.group(1) for match in re.finditer(r"(?:\./)?daybook ([a-z]+)", README)}
    assert {"up", "test", "demo", "projections", "events"} <= named
    for name in sorted(named):
        told = subprocess.run(**daybook(HOUSE, name, "--help"), capture_output=True, text=True, check=False)
        assert told.returncode == 0, (name, told.stderr)
