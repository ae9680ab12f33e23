"""One run of `up` with small processes, as a test sees it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import msgspec
import psutil

from infra.local.program import free_port
from infra.local.state import CLONE, Running, State
from tests.eventually import until


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
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=50) as answer:
            return dict(json.load(answer))

    def everyone(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, number: int = signal.SIGINT) -> float:
        """Seconds until it ended."""
        began = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(150) == 0, self.said
        return time.monotonic() - began


def gone(processes: list[psutil.Process]) -> bool:
    return not [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def refused(run: Up) -> str:
    """What `up` said when it ended at once with exit code 1."""
    assert run.process.wait(200) == 1, run.said
    assert run.said.count("\n") == 1
    return run.said
