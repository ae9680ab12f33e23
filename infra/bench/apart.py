"""Work in a process of its own: `python -m infra.bench.apart MODULE:FUNCTION`, arguments and answer as JSON on stdin and stdout."""

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from infra.local.program import end_with_parent
from infra.processes.memory import share_memory
from infra.settings import Settings

COMMAND = (sys.executable, "-P", "-m", "infra.bench.apart")


class Work(msgspec.Struct, frozen=True):
    """What the process is told: the settings, which come first where the function takes any, and its other arguments by name."""

    settings: Settings | None
    arguments: dict[str, Any]


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}:{function.__qualname__}"


def begin(function: Callable[..., Any], settings: Settings | None, output: Path, arguments: Mapping[str, Any]) -> "subprocess.Popen[bytes]":
    """Start a function that runs until SIGTERM, or whose answer is fetched with `answer`."""
    with output.open("ab") as errors:
        # In a session of its own, as `daybook up` does it: Linux shares the processors among sessions first.
        process = subprocess.Popen(
            [*COMMAND, _name(function)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(Work(settings, dict(arguments))))
    process.stdin.close()
    process.stdin = None
    return process


def answer(process: "subprocess.Popen[bytes]", name: str, output: Path) -> Any:
    """Wait for the answer of a process; raises RuntimeError with the end of what it wrote when it failed."""
    told, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{name} failed: {output.read_text(errors='replace')[-2000:]}")
    return msgspec.json.decode(told) if told else None


def main(name: str) -> None:
    """Do the work that stdin names."""
    import os

    end_with_parent(signal.SIGKILL)
    work = msgspec.json.decode(sys.stdin.buffer.read(), type=Work)
    # What the work prints goes to the log; only its answer goes to whoever waits.
    mine = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    module, _, function = name.partition(":")
    done = getattr(import_module(module), function)
    # As `daybook up` does before it starts its processes; here for both sides alike.
    share_memory()
    told = done(work.settings, **work.arguments) if work.settings is not None else done(**work.arguments)
    mine.write(msgspec.json.encode(told))
    mine.flush()


if __name__ == "__main__":
    main(sys.argv[1])
