"""A running Daybook of real processes, as a test sees it: each can be started, asked, paused, stopped and killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil

from infra.local.program import free_port
from infra.local.state import CLONE
from infra.settings import Settings
from tests.eventually import until


class Nursery:
    """The process that forks all others; see `nursery.py`."""

    def __init__(self, folder: Path, *, toys: bool = True) -> None:
        self.folder = folder
        with (folder / "nursery.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery", *(["toys"] if toys else [])],
                cwd=CLONE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True, text=True,
            )  # fmt: skip

    def ask(self, **words: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        told = self._process.stdout.readline()
        assert told, (self.folder / "nursery.log").read_text()
        return json.loads(told)

    def stop(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(100)


class Process:
    """One process of a running Daybook."""

    def __init__(self, nursery: Nursery, settings: Settings, name: str, main: str) -> None:
        self._nursery = nursery
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = nursery.folder / f"{name}-{self.port}.log"
        asked = msgspec.to_builtins(settings)
        self.pid: int = nursery.ask(main=main, settings=asked, port=self.port, log=str(self.log))

    @property
    def code(self) -> int | None:
        """The exit code, None while it runs."""
        found: int | None = self._nursery.ask(pid=self.pid)
        return found

    def report(self) -> dict[str, Any]:
        """What it says of itself; empty while it does not answer."""
        try:
            return dict(httpx.get(f"{self.url}/ready", timeout=2).json())
        except httpx.HTTPError:
            return {}

    def ready(self) -> "Process":
        """Wait until it may be sent work."""
        until(lambda: self.report().get("status") in ("ok", "warn") or self.code is not None, 20, f"{self.name} is ready")
        assert self.code is None, self.log.read_text()
        return self

    def tell(self, number: int) -> None:
        os.kill(self.pid, number)

    def end(self, number: int = signal.SIGTERM, seconds: float = 15) -> float:
        """Send a signal that ends it, unless it has ended; how long it took."""
        began = time.monotonic()
        if self.code is None:
            self.tell(number)
            until(lambda: self.code is not None, seconds, f"{self.name} ended; {self.log.read_text()[-2000:]}")
        return time.monotonic() - began


class Daybook:
    """The processes of one test file over one database and one Redis."""

    def __init__(self, nursery: Nursery, settings: Settings) -> None:
        self.nursery = nursery
        self.settings = settings
        self.processes: list[Process] = []

    def start(self, name: str, main: str = "", **changed: Any) -> Process:
        """Start a process, not yet ready; `main` is `module:function` where it is not the usual one."""
        settings = msgspec.structs.replace(self.settings, **changed)
        process = Process(self.nursery, settings, name, main or f"infra.processes.{name}:main")
        self.processes.append(process)
        return process

    def all(self, *names: str) -> list[Process]:
        """Start several at once and wait until each is ready."""
        return [process.ready() for process in [self.start(name) for name in names]]

    def of(self, name: str) -> list[Process]:
        """Those of one kind that run."""
        return [process for process in self.processes if process.name == name and process.code is None]

    def stop(self, *kept: Process) -> None:
        """End all but these, at once."""
        gone = [process for process in self.processes if process not in kept and process.code is None]
        for process in gone:
            process.tell(signal.SIGCONT)
            process.tell(signal.SIGKILL)
        for process in gone:
            process.end()
        self.processes = list(kept)


def ended(process: Process) -> Callable[[], Awaitable[bool]]:
    """For `eventually`: whether it is gone."""

    async def look() -> bool:
        return process.code is not None

    return look


def asleep(process: Process) -> Callable[[], Awaitable[bool]]:
    """For `eventually`: whether it was stopped by a signal."""

    async def look() -> bool:
        return psutil.Process(process.pid).status() == psutil.STATUS_STOPPED

    return look


def holding(process: Process, count: int) -> Callable[[], Awaitable[bool]]:
    """For `eventually`: whether it folds so many read models."""

    async def look() -> bool:
        report = await asyncio.to_thread(process.report)
        return len(report.get("doing", {}).get("positions", {})) >= count

    return look


def shows(process: Process, model: str, position: int) -> Callable[[], Awaitable[bool]]:
    """For `eventually`: whether it folds the live build of a read model, and is there or beyond."""

    async def look() -> bool:
        report = await asyncio.to_thread(process.report)
        return any(name.startswith(f"{model}_v") and at >= position for name, at in report.get("doing", {}).get("positions", {}).items())

    return look
