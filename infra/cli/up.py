"""`daybook up`."""

import contextlib
import shutil
import sys
from typing import TYPE_CHECKING

import rich_click as click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.supervisor.child import Child
    from infra.supervisor.start import Admin
    from infra.supervisor.supervisor import Supervisor


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the API.  [default: PORT, else 3000]")
def command(port: int | None) -> None:
    """Run everything on this machine: PostgreSQL, Valkey, API, relay, consumers and clock.

    Data is kept in .daybook/ and found again by the next start. Ctrl-C stops everything.
    DATABASE_URL, REDIS_URL and BROKER_URL replace the embedded servers.

    Example: daybook up --port 8080
    """
    from infra.local.state import here
    from infra.supervisor.start import Screen, up

    up(here(), port, Screen(say, doing, show))


def say(line: str) -> None:
    """One line, seen at once even when the output is a pipe; a terminal that was closed must not keep us from stopping in order."""
    with contextlib.suppress(OSError):
        click.echo(f"{_clear()}{line}")
        sys.stdout.flush()


def doing(children: "Sequence[Child]") -> None:
    """On a terminal, the last line always says what each process is doing; elsewhere only changes are told."""
    if sys.stdout.isatty():
        words = " · ".join(f"{child.process.name} {child.health.doing or child.health.state}" for child in children)
        with contextlib.suppress(OSError):
            click.echo(f"{_clear()}{words[: shutil.get_terminal_size().columns - 1]}", nl=False)
            sys.stdout.flush()


def _clear() -> str:
    return "\r\x1b[2K" if sys.stdout.isatty() else ""


def show(supervisor: "Supervisor", url: str, data: str, admin: "Admin | None") -> None:
    """The one screen: where to go, how to get in, what runs."""
    rows = [("URL", url), ("Documentation", f"{url}/api/docs"), ("Data", f".daybook/ ({data})")]
    if admin is not None:
        rows += [("Administrator", admin.email), ("Password", f"{admin.password}   (also in .daybook/admin.json)")]
    say(click.style("\nDaybook is ready.\n", bold=True))
    for label, value in rows:
        say(f"  {label:<15}{value}")
    say("")
    for child in supervisor.children:
        child.look()
        state = click.style(f"{child.health.state:<10}", fg="green" if child.health.ready else "yellow")
        say(f"  {child.process.name:<15}{state}{child.process.does} (process {child.pid})")
    say("\nCtrl-C stops everything. Warnings and errors appear here, all else is in .daybook/logs/.\n")
