"""`daybook test`."""

import os
import sys
from importlib.util import find_spec

import rich_click as click


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
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *words])  # noqa: S606 — pytest's exit code becomes ours.
