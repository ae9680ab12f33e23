"""One supervised process: started by forking, looked after, started again."""

import os
import signal
import time
from collections.abc import Callable
from importlib import import_module
from typing import Final

from infra.local.program import LOOPBACK
from infra.local.servers import describe
from infra.processes import Process
from infra.settings import Settings
from infra.supervisor.fork import fork
from infra.supervisor.health import Health, ask
from infra.supervisor.log import Log

STEADY: Final = 10.0
"""Seconds after which a process counts as having worked, so that its next end is again a first one."""
LONGEST_PAUSE: Final = 10.0


class Child:
    """What is known about it now is in `pid` (0 while it is gone) and `health`."""

    def __init__(self, process: Process, settings: Settings, port: int, log: Log) -> None:
        self.process = process
        self.port = port
        self.host = reachable(settings.host)
        self.log = log
        self.pid = 0
        self.health = Health("gone")
        self.restarts = -1
        self._settings = settings
        self._failures = 0
        self._started = 0.0
        self._again = 0.0

    def start(self) -> None:
        """Fork it."""
        self.pid = fork(self._main, self.log.path)
        self.restarts += 1
        self.health = Health("starting")
        self._started = time.monotonic()

    def _main(self) -> None:
        _name_process(f"daybook-{self.process.name}")
        main: Callable[[Settings, int], None] = import_module(self.process.module).main
        main(self._settings, self.port)

    def ended(self) -> str:
        """Why it ended, told once; empty while it runs. Also decides when it may start again: at once, later when that repeats."""
        if not self.pid:
            return ""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return ""
        now = time.monotonic()
        self._failures = 0 if now - self._started > STEADY else self._failures + 1
        self._again = now + (min(LONGEST_PAUSE, 0.1 * 2**self._failures) if self._failures > 1 else 0)
        self.pid, self.health = 0, Health("gone")
        return describe(os.waitstatus_to_exitcode(status))

    def due(self) -> bool:
        """Whether it is gone and its pause is over."""
        return not self.pid and time.monotonic() >= self._again

    @property
    def pause(self) -> float:
        """Seconds until it starts again."""
        return max(0.0, self._again - time.monotonic())

    def look(self) -> bool:
        """Ask it how it is; whether its state changed."""
        before = self.health.state
        if self.pid:
            self.health = ask(self.port, self.host)
        return self.health.state != before

    def tell(self, number: int) -> None:
        """Send it a signal; SIGKILL goes to everything it started too."""
        if not self.pid:
            return
        try:
            os.killpg(self.pid, number) if number == signal.SIGKILL else os.kill(self.pid, number)
        except ProcessLookupError:
            return


def reachable(host: str) -> str:
    """The address at which a process that listens on `host` can be reached from this machine."""
    return LOOPBACK if host in ("0.0.0.0", "::", "localhost", "") else host  # noqa: S104 — compared, not listened on.


def _name_process(name: str) -> None:
    """What `ps -o comm` and `top` show; Linux only, and at most 15 bytes."""
    try:
        with open("/proc/self/comm", "w") as comm:  # noqa: PTH123 — not a file one would make.
            comm.write(name[:15])
    except OSError:
        return
