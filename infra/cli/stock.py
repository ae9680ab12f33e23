"""`daybook stock`."""

import sys
from typing import Any

import rich_click as click

from infra.cli._servers import run, say_json, say_verdict


@click.group()
def command() -> None:
    """Look at the stock: what is on hand, what of it is reserved, and what was sold, in pieces."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def verify(*, as_json: bool) -> None:
    """Count every product's stock from the log again, and hold it against what is served, what orders reserved and what was sold; nothing has
    to stop for it. Exit code 1 when something is wrong. Ctrl-C ends it; nothing is changed.

    Example: daybook stock verify
    """
    from infra.cli._bars import staged_bar
    from infra.local.state import current_settings
    from infra.projection.watch import Watch
    from infra.reconciliation.stock import reconcile

    with staged_bar("stock") as show:
        told = run(lambda: reconcile(current_settings(), Watch(show)))
    if as_json:
        say_json(told)
    else:
        _table(told)
        say_verdict(told, f"{told.orders:,} orders", "the stock is right")
    sys.exit(0 if told.is_right else 1)


def _table(told: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    numbers = {"products": told.products, "on hand": told.on_hand, "reserved": told.reserved, "committed": told.committed}
    table = Table()
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row(*(f"{number:,}" for number in numbers.values()))
    Console().print(table)
