"""`daybook test`."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Final

import rich_click as click

BESIDE: Final = (
    (
        "tests/audit",
        "tests/eventsourcing",
        "tests/files",
        "tests/http/test_fuzz.py",
        "tests/identity",
        "tests/projects",
        "tests/shop",
        "tests/tasks",
        "tests/test_architecture.py",
    ),
    (
        "tests/http",
        "tests/jobs",
        "tests/journeys",
        "tests/live",
        "tests/notifications",
        "tests/orders",
        "tests/payments",
        "tests/security",
    ),
)
"""The runs beside the first one. It has all other tests: those of real processes, which wait more than they work."""
NICE: Final = ("nice", "-n", "5")
"""They step back for the first, whose tests know most of time, and do not starve."""
OTHER_REDIS: Final = ("8", "10")


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST ARGUMENTS]...")
def command(words: tuple[str, ...]) -> None:
    """Run the tests, with servers of their own; all of them, or what the arguments for pytest say.

    Example: daybook test tests/tasks -k lease
    """
    from infra.local.state import CLONE, LocalProblem

    if find_spec("pytest") is None:
        raise LocalProblem("pytest is not installed: start the tests with ./daybook test, which installs what they need")
    os.chdir(CLONE)
    if words:
        os.execv(sys.executable, _pytest(words))  # noqa: S606 — pytest's exit code becomes ours.
    raise SystemExit(_all())


def _all() -> int:
    """Every test, in three runs at once; what the others say comes after the first. The exit code of the first that failed."""
    with ExitStack() as files:
        click.echo("Three runs at once: now what the first says, at the end what the others said.")
        said = [files.enter_context(tempfile.TemporaryFile()) for _ in BESIDE]
        others = [subprocess.Popen([*NICE, *_pytest(_words(nth))], stdout=file, stderr=file, env=_environment(nth)) for nth, file in enumerate(said)]
        first = subprocess.Popen(_pytest([f"--ignore={path}" for paths in BESIDE for path in paths]))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # All hear Ctrl-C themselves, and stop their servers.
        ended = [run.wait() for run in (first, *others)]
        for file in said:
            file.seek(0)
            sys.stdout.buffer.write(file.read())
            sys.stdout.flush()
    return next(filter(None, ended), 0)


def _words(nth: int) -> list[str]:
    """What one of the runs beside is to do, but for what those before it do already."""
    return [*BESIDE[nth], *(f"--ignore={path}" for paths in BESIDE[:nth] for path in paths)]


def _environment(nth: int) -> dict[str, str]:
    return os.environ | {"DAYBOOK_TEST_REDIS_DATABASE": OTHER_REDIS[nth]}


def _pytest(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", *words]
