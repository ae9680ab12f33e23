"""`daybook test`."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

import rich_click as click

BESIDE: Final = (
    "tests/audit",
    "tests/eventsourcing",
    "tests/files",
    "tests/http/test_fuzz.py",
    "tests/http/test_roles.py",
    "tests/identity",
    "tests/orders",
    "tests/projects",
    "tests/security/test_11_mass_assignment.py",
    "tests/security/test_12_input.py",
    "tests/shop",
    "tests/tasks",
    "tests/test_architecture.py",
)
"""Tests that ask nothing about time. They run beside the others, with what those leave of the processors."""
NICE: Final = ("nice", "-n", "15")
OTHER_REDIS: Final = {"DAYBOOK_TEST_REDIS_DATABASE": "8"}


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
    """Every test, in two runs at once; what the second one says comes last. The exit code of the first that failed."""
    with tempfile.TemporaryFile() as said:
        click.echo("Two runs at once: first what the one says that goes first, at the end what the other said.")
        second = subprocess.Popen([*NICE, *_pytest(BESIDE)], stdout=said, stderr=said, env=os.environ | OTHER_REDIS)
        first = subprocess.Popen(_pytest([f"--ignore={path}" for path in BESIDE]))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Both hear Ctrl-C themselves, and stop their servers.
        ended = first.wait(), second.wait()
        said.seek(0)
        sys.stdout.buffer.write(said.read())
    return ended[0] or ended[1]


def _pytest(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", *words]
