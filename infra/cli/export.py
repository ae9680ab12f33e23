"""`daybook export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    from domain.jobs.job import Job
    from infra.app import System


@click.group()
def command() -> None:
    """Write many things into a file."""


@command.command()
@click.option("--as", "email", metavar="EMAIL", required=True, help="Whose tasks: the file holds what this account may list.")
@click.option("--all", "everything", is_flag=True, help="The tasks of everybody, for who may list them.")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl", "pdf"]), default="csv", show_default=True)
@click.option("-o", "--output", "target", type=click.Path(dir_okay=False, writable=True, path_type=Path), required=True, help="Where it is written.")
def tasks(*, email: str, everything: bool, form: str, target: Path) -> None:
    """Export tasks, all as of one moment.

    Example: daybook export tasks --as ada@example.org --format csv -o tasks.csv
    """
    import shutil

    from infra.cli._jobs import done

    async def ask(parts: "System") -> "Job":
        from infra.jobs.by_hand import account, request

        wanted: dict[str, Any] = {"format": form, "scope": "all" if everything else "mine", "filters": {}, "bom": False}
        return await request(parts, await account(parts, email), "tasks.export", wanted)

    def fetch(parts: "System", job: "Job") -> None:
        from infra.jobs.files import JobFolder

        shutil.copyfile(JobFolder(parts.settings.jobs_at).outgoing(job.requester_id, job.id), target)
        told = job.outcome or {}
        click.echo(f"{target}: {told['rows']:,} tasks as of position {told['position']:,}")

    done("export", ask, fetch)
