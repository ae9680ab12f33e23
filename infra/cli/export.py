"""`daybook export`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    from domain.jobs.job import Job
    from infra.app import System

Command = Callable[..., None]


@click.group()
def command() -> None:
    """Write many things into a file."""


def _asked(run: Command) -> Command:
    """What every export is told."""
    options = (
        click.option("--as", "email", metavar="EMAIL", required=True, help="On whose behalf: the file holds what this account may list."),
        click.option("--format", "form", type=click.Choice(["csv", "jsonl", "pdf"]), default="csv", show_default=True),
        click.option(
            "-o", "--output", "target", type=click.Path(dir_okay=False, writable=True, path_type=Path), required=True, help="Where it is written."
        ),
    )
    for option in options:
        run = option(run)
    return run


@command.command()
@_asked
@click.option("--all", "everything", is_flag=True, help="The tasks of everybody, for who may list them.")
def tasks(*, email: str, everything: bool, form: str, target: Path) -> None:
    """Export tasks, all as of one moment.

    Example: daybook export tasks --as ada@example.org --format csv -o tasks.csv
    """
    _export("tasks", email, target, {"format": form, "scope": "all" if everything else "mine"})


@command.command()
@_asked
@click.option("--all", "everything", is_flag=True, help="The orders of everybody, for who may list them.")
def orders(*, email: str, everything: bool, form: str, target: Path) -> None:
    """Export orders, all as of one moment.

    Example: daybook export orders --as admin@example.org --all -o orders.csv
    """
    _export("orders", email, target, {"format": form, "scope": "all" if everything else "mine"})


@command.command()
@_asked
def products(*, email: str, form: str, target: Path) -> None:
    """Export what is sold, all as of one moment.

    Example: daybook export products --as ada@example.org -o products.csv
    """
    _export("products", email, target, {"format": form})


def _export(resource: str, email: str, target: Path, wanted: dict[str, Any]) -> None:
    import shutil

    from infra.cli._jobs import done

    async def ask(parts: "System") -> "Job":
        from infra.jobs.by_hand import account, request

        return await request(parts, await account(parts, email), f"{resource}.export", {"filters": {}, "bom": False} | wanted)

    def fetch(parts: "System", job: "Job") -> None:
        from infra.jobs.files import JobFolder

        shutil.copyfile(JobFolder(parts.settings.jobs_at).outgoing(job.requester_id, job.id), target)
        told = job.outcome or {}
        click.echo(f"{target}: {told['rows']:,} {resource} as of position {told['position']:,}")

    done("export", ask, fetch)
