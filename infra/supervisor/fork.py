"""Forking: a child starts with everything already imported, in memory that it shares with its parent."""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from infra.local.program import end_with_parent
from infra.local.state import LocalProblem

HANDLED: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD})
HIGHEST_HANDLE: Final = 1024


def fork(work: Callable[[], None], output: Path, keep: int = -1) -> int:
    """Run `work` in a child of its own session, its output appended to a file; the child's process id.

    The child keeps none of our open files but `keep`, does not hear Ctrl-C, and is killed by the kernel when we end.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    # A signal between the fork and the moment the child has forgotten our handlers would be handled twice.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    parent = os.getpid()
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return pid
    code = 1
    try:
        _become_child(parent, output, keep)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        work()
        code = 0
    except SystemExit as wish:
        code = wish.code if isinstance(wish.code, int) else int(wish.code is not None)
    except BaseException:  # noqa: BLE001 — nothing may return into the parent's code, and `_exit` would say nothing.
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become_child(parent: int, output: Path, keep: int) -> None:
    os.setsid()
    end_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.set_wakeup_fd(-1)
    for number in HANDLED:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for handle, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, handle)
    # Among them the lock of the state folder, which must not outlive the supervisor.
    for first, last in ((3, keep), (keep + 1, HIGHEST_HANDLE)) if keep >= 3 else ((3, HIGHEST_HANDLE),):
        os.closerange(first, last)


class Apart:
    """A blocking piece of work done in a forked child, so that its threads, loops and connections never exist in the parent."""

    def __init__(self, work: Callable[[], object], output: Path) -> None:
        self._handle, writer = os.pipe()

        def report() -> None:
            try:
                answer = {"result": work()}
            except Exception as error:  # noqa: BLE001 — it is told to the parent, which decides.
                traceback.print_exc()
                answer = {"problem": f"{error}" or type(error).__name__}
            os.write(writer, json.dumps(answer).encode())

        self._log = output
        self._pid = fork(report, output, keep=writer)
        os.close(writer)

    def result(self) -> object:
        """Wait for it; raises `LocalProblem` with its message when it failed."""
        with os.fdopen(self._handle, "rb") as reader:
            told = reader.read()
        os.waitpid(self._pid, 0)
        answer = json.loads(told) if told else {"problem": f"it ended without a word, see {self._log}"}
        if "problem" in answer:
            raise LocalProblem(answer["problem"].splitlines()[0])
        return answer["result"]
