"""Starting, watching and stopping one server program."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Protocol, TypeVar

from infra.local.account import Account
from infra.local.state import LocalProblem

LOOPBACK: Final = "127.0.0.1"
LINUX: Final = sys.platform.startswith("linux")
PAUSE: Final = 0.005
"""Seconds between two looks at something that another process does."""
LARGEST_LOG: Final = 20 * 2**20
"""Bytes that a log may have when a program starts."""
PR_SET_PDEATHSIG: Final = 1
ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""All that a server sees: settings meant for clients (PGPORT, PGDATA) must not reach it."""


class Server(Protocol):
    """An embedded server of one folder."""

    def begin(self) -> None:
        """Start it without waiting."""

    def finish(self) -> object:
        """Wait until it answers."""

    def stop(self) -> None:
        """Stop it, whatever state it is in."""


S = TypeVar("S", bound=Server)


def started(server: S) -> S:
    """Start a server and wait until it answers; nothing of it is left when that fails."""
    try:
        server.begin()
        server.finish()
    except BaseException:
        server.stop()
        raise
    return server


def package_folder(name: str) -> Path:
    """Where an installed package lies, without running any of its code."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LocalProblem(f"the package {name} is not installed: run ./daybook, which installs it, or set DATABASE_URL and REDIS_URL")
    return Path(spec.submodule_search_locations[0])


def launch(account: Account, command: Sequence[str | Path], log: Path) -> subprocess.Popen[bytes]:
    """Start a program under this account, in its own session, its output appended to `log`; it ends when this process ends."""
    rotate(log)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            [*account.prefix, *map(str, command)],
            stdin=subprocess.DEVNULL, stdout=handle, stderr=handle, cwd="/", env=ENVIRONMENT, start_new_session=True,
            user=None if account.prefix else account.uid,
            group=None if account.prefix else account.gid,
            extra_groups=None if account.prefix or account.uid is None else [],
            preexec_fn=None if account.prefix else end_with_parent,  # noqa: PLW1509 — whoever starts servers has one thread.
        )  # fmt: skip
    finally:
        os.close(handle)


def rotate(log: Path) -> None:
    """Move a log that has grown large to `<name>.log.1`; what was there before is deleted."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_name(f"{log.name}.1"))


def end_with_parent(number: int = signal.SIGINT) -> None:
    """Ask the kernel to send this process a signal when the process that started it ends, however that happens (Linux only)."""
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float, log: Path) -> None:
    """Wait for a server; raises `LocalProblem` with the last lines of its log when it ends or takes longer."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = " | ".join(log.read_text(errors="replace").splitlines()[-4:])
            what = "ended" if process.poll() is not None else f"was not ready within {seconds:.0f} s"
            raise LocalProblem(f"{Path(str(log)).stem} {what}: {tail}")
        time.sleep(PAUSE)


def runs(pid: int, sign: str) -> bool:
    """Whether this process lives and has `sign` in its command line, so that a re-used number is not taken for ours."""
    if LINUX:
        try:
            return sign.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
    shown = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return sign in shown.stdout


def end(pid: int, sign: str, number: int, seconds: float) -> None:
    """Ask a process to end and wait; after `seconds` it is killed. `sign` as in `runs`."""
    if not runs(pid, sign):
        return
    deadline = time.monotonic() + seconds
    os.kill(pid, number)
    while runs(pid, sign):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += seconds
        time.sleep(PAUSE)


def free_port(preferred: int = 0) -> int:
    """A loopback port that nobody listens on: the preferred one where possible, so that addresses stay the same.

    Chosen below the range from which systems take ports for outgoing connections, so that it stays free.
    """
    for port in (preferred, *random.SystemRandom().sample(range(20_000, 32_000), 200)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            if port:
                return port
    raise LocalProblem("no free port between 20000 and 32000 on 127.0.0.1")
