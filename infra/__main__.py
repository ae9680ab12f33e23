"""`python -m infra`, and the installed command `daybook`."""

import sys

from infra.settings import BadSettings


def main() -> None:
    """Run one command. What a person can mend is said in one line, without a traceback, and ends with exit code 1."""
    from infra.cli import daybook
    from infra.local.state import LocalProblem

    try:
        daybook(prog_name="daybook")
    except (LocalProblem, BadSettings) as problem:
        print(f"daybook: {problem}", file=sys.stderr)  # noqa: T201 — the last words of a command.
        sys.exit(1)


if __name__ == "__main__":
    main()
