"""`daybook import`."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

if TYPE_CHECKING:
    from domain.jobs.job import Job
    from infra.app import System


@click.group()
def command() -> None:
    """Create many things from a file."""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--as", "email", metavar="EMAIL", help="Whose tasks they become; what this account may not do is refused.")
@click.option("--dry-run", is_flag=True, help="Only say what would be wrong; nothing is created.")
@click.option("--on-duplicate", type=click.Choice(["error", "skip", "update"]), default="error", show_default=True, help="For a known external_id.")
@click.option("--job", "job_id", type=click.UUID, help="Go on with an import that was left, instead of a new one.")
def tasks(*, file: Path | None, email: str | None, dry_run: bool, on_duplicate: str, job_id: object) -> None:
    """Import tasks from a FILE: CSV (columns by the names in its first line) or, where its name ends so, .jsonl.

    Every row is judged by itself; what is wrong with single ones is written to standard error, by line and column.
    Ctrl-C leaves the job where it stands. Exit code 1 when a row was refused.

    Example: daybook import tasks help-desk.csv --as ada@example.org --dry-run
    """
    import sys

    from infra.cli._jobs import done, of_job

    if job_id is None and (file is None or email is None):
        raise click.UsageError("name a FILE and --as EMAIL, or the --job to go on with")
    refused = False

    async def ask(parts: "System") -> "Job":
        from infra.jobs.by_hand import account, request

        assert file is not None
        assert email is not None
        form = "jsonl" if file.suffix in {".jsonl", ".ndjson"} else "csv"
        wanted = {"format": form, "dry_run": dry_run, "on_duplicate": on_duplicate}
        return await request(parts, await account(parts, email), "tasks.import", wanted, file)

    def tell(parts: "System", job: "Job") -> None:
        nonlocal refused
        from infra.jobs.files import JobFolder

        errors = JobFolder(parts.settings.jobs_at).errors_at(job.requester_id, job.id)
        if errors.exists():
            with errors.open() as lines:
                for line in lines:
                    click.echo(line, nl=False, err=True)
        click.echo(", ".join(f"{number:,} {fate}" for fate, number in (job.outcome or {}).items() if not isinstance(number, bool)))
        refused = job.refused > 0

    done("import", of_job(str(job_id)) if job_id is not None else ask, tell)
    sys.exit(1 if refused else 0)
