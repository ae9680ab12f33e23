"""`daybook ledger`."""

import sys
from typing import Any

import rich_click as click

from infra.cli._servers import run, say_json, say_verdict

Json = click.option("--json", "as_json", is_flag=True, help="For scripts.")
WIDEST = 1000


@click.group()
def command() -> None:
    """Look at the books: what was taken, kept and given back, by double entry, in minor units."""


@command.command()
@Json
def verify(*, as_json: bool) -> None:
    """Read everything about money from the log again, and hold each order, each payment, the served sums and every posting against it; nothing
    has to stop for it. Exit code 1 when something is wrong. Ctrl-C ends it; nothing is changed.

    Example: daybook ledger verify
    """
    from infra.cli._bars import staged_bar
    from infra.local.state import current_settings
    from infra.projection.watch import Watch
    from infra.reconciliation.ledger import reconcile

    with staged_bar("ledger") as show:
        told = run(lambda: reconcile(current_settings(), Watch(show)))
    if as_json:
        say_json(told)
    else:
        _table(told.balance)
        say_verdict(told, f"{told.orders:,} orders and {told.payments:,} payments", "the books are right")
    sys.exit(0 if told.is_right else 1)


@command.command()
@Json
def balance(*, as_json: bool) -> None:
    """Show the trial balance as it is served. Exit code 1 when debits and credits differ.

    Example: daybook ledger balance --json
    """
    told = run(_served)
    say_json(told) if as_json else _table(told)
    sys.exit(0 if told.balanced else 1)


async def _served() -> Any:
    from infra.local.state import current_settings
    from infra.projection.workshop import workshop
    from infra.reconciliation.ledger import served_sums
    from projections.payments.ledger import balance

    async with workshop(current_settings()) as tools:
        position, sums = await served_sums(tools)
        return balance(sums, position)


def _table(told: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for one in told.currencies:
        table = Table(title=f"{one.currency}, in minor units, at position {told.position:,}")
        table.add_column("account")
        for name in ("debit", "credit", "balance"):
            table.add_column(name, justify="right")
        for account in one.accounts:
            table.add_row(account.account.value, *(f"{number:,}" for number in (account.debit, account.credit, account.balance)))
        table.add_section()
        table.add_row("sum", f"{one.debit:,}", f"{one.credit:,}", f"{one.debit - one.credit:,}")
        needed = console.measure(table, options=console.options.update(max_width=WIDEST)).maximum
        Console(width=max(console.width, needed)).print(table)  # Half of an amount is worse than a long line.
    if not told.currencies:
        click.echo("Nothing was paid yet.")
