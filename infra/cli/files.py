"""`daybook files`."""

from typing import TYPE_CHECKING

import rich_click as click

from infra.cli._starting import with_system

if TYPE_CHECKING:
    from infra.app import System


@click.group()
def command() -> None:
    """The bytes of files on tasks, in a folder or in S3 (FILES_FOLDER, FILE_STORE)."""


@command.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be deleted.")
def sweep(*, dry_run: bool) -> None:
    """Delete bytes that no file has stood for since a day. The clock does so every hour by itself.

    Example: daybook files sweep --dry-run
    """

    async def run(parts: "System") -> None:
        from infra.processes.sweeping import beginning, orphans

        count = 0
        async for key in orphans(parts.store, parts.log, await beginning(parts)):
            count += 1
            if dry_run:
                click.echo(key.hex)
            else:
                await parts.store.drop(key)
        click.echo(f"{count} {'would be' if dry_run else 'were'} deleted.")

    with_system(run)
