"""How `daybook demo` tells of the shop."""

from typing import TYPE_CHECKING

import rich_click as click

if TYPE_CHECKING:
    from infra.demo.shop.result import Pace, ShopResult
    from infra.demo.shop.step import Named


def show_shop(result: "ShopResult", shown: int | None) -> None:
    """What was played, how fast, the three sums, the books, and the first so many (None: all) lines that are not in the shop."""
    click.echo(
        f"\nShop: {result.lines:,} lines of {result.invoices:,} invoices, {result.products:,} products, {result.customers:,} customers, "
        f"in {result.seconds:,.1f} s and {result.requests:,} requests.\n"
    )
    for status, number in sorted(result.statuses.items()):
        click.echo(f"  {f'orders {status}':<22}{number:>8,}")
    click.echo(f"  {'refunds':<22}{result.refunds:>8,}")
    _reasons(result.named)
    if result.pace is not None:
        _pace(result.pace)
    if result.sums is not None:
        click.echo(f"\n  {'accepted':<22}{result.sums.accepted:>14,.2f}   sales less refunds, as the orders and the books of the shop say")
        click.echo(f"  {'refused by name':<22}{result.sums.named:>14,.2f}   {len(result.named):,} lines")
        click.echo(f"  {'total of the file':<22}{result.sums.total:>14,.2f}   {'equal' if result.sums.equal else 'NOT equal'}")
    _books(result)
    _lines(result.named, shown)
    _agreement(result)


def _reasons(named: "list[Named]") -> None:
    from collections import Counter

    click.echo(f"  {'lines not taken':<22}{len(named):>8,}")
    for reason, number in Counter(one.reason for one in named).most_common():
        click.echo(f"      {number:>6,}  {reason}")


def _pace(pace: "Pace") -> None:
    click.echo(
        f"\n  {pace.orders:,} orders placed in {pace.placing_seconds:,.1f} s ({pace.placed_per_second:,.0f} a second, with {pace.price_changes:,} "
        f"price changes between them),\n  over in {pace.over_seconds:,.1f} s: {pace.over_per_second:,.0f} a second from placed to completed; "
        f"usually {pace.usual_milliseconds:,.0f} ms, at most {pace.longest_milliseconds:,.0f} ms."
    )


def _books(result: "ShopResult") -> None:
    if result.books:
        click.echo(f"\n  {'trial balance, GBP':<22}{'debit':>14}{'credit':>14}")
    for one in result.books:
        click.echo(f"  {one.account:<22} {one.debit / 100:>13,.2f} {one.credit / 100:>13,.2f}")
    if result.books:
        debit, credit = sum(one.debit for one in result.books), sum(one.credit for one in result.books)
        click.echo(f"  {'':<22} {debit / 100:>13,.2f} {credit / 100:>13,.2f}   balance {(debit - credit) / 100:,.2f}")


def _lines(named: "list[Named]", shown: int | None) -> None:
    if named:
        click.echo("\nLines of invoices that are not in the shop:")
    for one in named[:shown]:
        click.echo(f"  line {one.line}, {one.invoice}, {one.code}, {one.amount:,.2f}: {one.reason}")
    if shown is not None and shown < len(named):
        click.echo(f"  and {len(named) - shown:,} more")


def _agreement(result: "ShopResult") -> None:
    if result.interrupted:
        click.echo("\nInterrupted. The next `daybook demo` goes on from here.")
    elif result.agrees:
        what = "Every order, every penny of the books and every piece of the stock" + (
            ", and every read model verified from inside," if result.verified else ""
        )
        click.echo(f"\n{what} agree with the invoices, at position {result.position:,} ({result.proof_seconds:.1f} s).")
    else:
        click.echo("\nThe shop does NOT agree with the invoices:")
        for line in result.differences or []:
            click.echo(f"  {line}")
