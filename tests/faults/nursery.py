"""Forks processes of Daybook on request: python -m tests.faults.nursery [toys]. One line of JSON in, one out.

Everything is imported here once and nothing runs here, so a fork is quick, and safe beside the threads and loops of a test.
"""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from infra.local.program import end_with_parent
from infra.processes import PROCESSES
from infra.processes.memory import share_memory
from infra.settings import Settings
from infra.supervisor.fork import fork
from tests.faults import toys

ENDED: dict[int, int] = {}


def start(ask: dict[str, Any]) -> int:
    """Fork `module:function`, which gets settings and a port; its process id."""
    module, _, function = ask["main"].partition(":")
    settings = msgspec.convert(ask["settings"], Settings)

    def work() -> None:
        getattr(import_module(module), function)(settings, ask["port"])

    return fork(work, Path(ask["log"]))


def ended(pid: int) -> int | None:
    """The exit code of a child, None while it runs."""
    if pid not in ENDED:
        gone, status = os.waitpid(pid, os.WNOHANG)
        if not gone:
            return None
        ENDED[pid] = os.waitstatus_to_exitcode(status)
    return ENDED[pid]


def main() -> None:
    end_with_parent()
    for process in PROCESSES:
        import_module(process.module)
    if "toys" in sys.argv:
        toys.register()
    share_memory()
    for line in sys.stdin:
        ask = json.loads(line)
        sys.stdout.write(json.dumps(ended(ask["pid"]) if "pid" in ask else start(ask)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
