"""`daybook demo`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from infra.cli._shop import show_shop

if TYPE_CHECKING:
    from infra.demo.player import Played, Refusal
    from infra.demo.run import Bar, Result, Target
    from infra.demo.shop.result import ShopResult

SHOWN = 20
"""Lines of each kind on the screen where a file has all of them."""


@click.command()
@click.option("--url", help="The system to play to.  [default: the one that `up` runs in this clone]")
@click.option("--email", help="An administrator; the password is DEMO_PASSWORD, else it is asked for.  [default: .daybook/admin.json]")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many lines of the log.")
@click.option("--invoices", type=click.IntRange(min=1), help="Only the first so many invoices of the shop.")
@click.option("--only", type=click.Choice(["help-desk", "shop"]), help="Only this part.")
@click.option("--refused", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Write all lines that could not be applied here.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def command(
    *, url: str | None, email: str | None, limit: int | None, invoices: int | None, only: str | None, refused: Path | None, as_json: bool
) -> None:
    """Play the log of a real help desk and the invoices of a real shop through the HTTP API of a running system.

    The help desk (21,348 lines, 4,580 tickets) twice: people become nodes and tickets their tasks; then people work in projects, one for
    each product, with assignees, reviews and due dates. The shop (9,999 lines, 512 invoices): stock codes become products, invoices orders,
    cancellations refunds; what cannot be taken is named by line. At the end, everything that is shown is compared with the files, to the
    penny and to the piece: exit code 0 only when it agrees. Ctrl-C interrupts (exit code 130); the next run goes on, and playing it again
    does nothing twice.

    Example: daybook demo --limit 2000 --invoices 50
    """
    import msgspec
    import uvloop

    from infra.cli._bars import bars

    target = _target(url, email)
    with bars() as bar:
        desk, shop = uvloop.run(_play(target, limit, invoices, only, bar))
    if refused is not None:
        _write(refused, desk, shop)
    agrees = all(part.agrees for part in (desk, shop) if part is not None)
    if as_json:
        told = {} if desk is None else msgspec.to_builtins(desk)
        click.echo(msgspec.json.encode(told | {"shop": shop, "agrees": agrees}).decode())
    if desk is not None and not as_json:
        _show(desk, refused)
    if shop is not None and not as_json:
        show_shop(shop, None if refused is None else SHOWN)
    interrupted = any(part.interrupted for part in (desk, shop) if part is not None)
    sys.exit(130 if interrupted else 0 if agrees else 1)


async def _play(target: "Target", limit: int | None, invoices: int | None, only: str | None, bar: "Bar") -> "tuple[Result | None, ShopResult | None]":
    from msgspec.structs import replace

    from infra.demo.run import run
    from infra.demo.shop.run import run_shop

    # The last part verifies the read models from inside, all of them.
    desk = None if only == "shop" else await run(target if only else replace(target, settings=None), limit, bar)
    if only == "help-desk" or (desk is not None and desk.interrupted):
        return desk, None
    return desk, await run_shop(target, invoices, bar)


def _target(url: str | None, email: str | None) -> "Target":
    from infra.demo.run import Target
    from infra.local.state import LocalProblem, current_settings, here, running
    from infra.settings import given
    from infra.supervisor.start import ADMIN, Admin

    state = here()
    found = running(state)
    if url is None and found is None:
        raise LocalProblem("nothing runs in this clone: start it with `daybook up`, or name a system with --url and --email")
    address = url.rstrip("/") if url else found.url if found else ""
    known, settings = state.read(ADMIN, Admin), current_settings() if found and address == found.url else None
    # The password of this clone's administrator is nobody else's business: it goes only where this clone's `up` listens.
    if email is None and known is not None and settings is not None:
        return Target(address, known.email, known.password, settings)
    if email is None:
        raise LocalProblem("say who you are with --email (an administrator; the password is DEMO_PASSWORD, else it is asked for)")
    password = given("DEMO_PASSWORD") or click.prompt("Password", hide_input=True, err=True)
    return Target(address, email, password, settings)


def _write(path: Path, result: "Result | None", shop: "ShopResult | None") -> None:
    """Tab-separated, one line each; of the shop: line, invoice, stock code, pounds, reason."""
    desk = [] if result is None else _all(result, "refused") + _all(result, "unexpected")
    words = [(str(each.line), each.ticket, each.activity, each.code, each.reason) for each in desk]
    words += [(str(one.line), one.invoice, one.code, str(one.amount), one.reason) for one in ([] if shop is None else shop.named)]
    path.write_text("".join("\t".join(row) + "\n" for row in [("line", "ticket", "activity", "code", "reason"), *words]))


def _show(result: "Result", file: Path | None) -> None:
    lines, commands = (sum(getattr(played, name) for played in (result.played, result.team)) for name in ("lines", "commands"))
    rate = f"{lines / result.seconds:,.0f} lines and {commands / result.seconds:,.0f} commands a second" if result.seconds else ""
    click.echo(f"\n{lines:,} lines about {result.tickets:,} tickets, as work of nodes and of people, in {result.seconds:,.1f} s: {rate}.")
    for title, played in (("Nodes", result.played), ("People", result.team)):
        _count(title, played)
    if result.projects:
        click.echo("\nProjects of people, as their statistics say:\n")
        click.echo(f"  {'':<34}{'tasks':>8}{'completed':>11}{'cancelled':>11}{'in review':>11}{'overdue':>9}")
    for one in result.projects:
        more = f"{one.by_status.get('cancelled', 0):>11,}{one.by_status.get('in_review', 0):>11,}{one.overdue:>9,}"
        click.echo(f"  {one.name:<34}{one.tasks:>8,}{one.completed:>11,}{more}")
    refused, unexpected = _all(result, "refused"), _all(result, "unexpected")
    _name("Lines that could not be applied:", [f"line {each.line}, {each.ticket}, {each.activity}: {each.reason}" for each in refused], file)
    wrong = [f"line {each.line}, {each.ticket}, {each.activity}: {each.code}, {each.reason}" for each in unexpected]
    _name("Lines that the API did not answer as it must:", wrong, file)
    if result.interrupted:
        click.echo("\nInterrupted. The next `daybook demo` goes on from here.")
    elif result.agrees:
        what = "Board, counts, projects and histories" + (", and every read model verified from inside," if result.verified else "")
        click.echo(f"\n{what} agree with the log, at position {result.position:,} ({result.proof_seconds:.1f} s).")
    else:
        _name("What is shown does NOT agree with the log:", result.differences or [], None)


def _all(result: "Result", what: str) -> "list[Refusal]":
    return [*getattr(result.played, what), *getattr(result.team, what)]


def _count(title: str, played: "Played") -> None:
    """What became of the lines."""
    from collections import Counter

    click.echo(f"\n{title}: {played.lines:,} lines\n")
    rows = [
        ("accepted", played.accepted, f"with {played.commands:,} commands"),
        ("already applied", played.already, "by an earlier run"),
        ("nothing new", played.nothing_new, "the log says again what is known"),
        ("could not be applied", len(played.refused), "see below"),
    ]
    for label, number, remark in rows:
        click.echo(f"  {label:<22}{number:>8,}   {remark if number else ''}".rstrip())
    for (activity, code), number in Counter((each.activity, each.code) for each in played.refused).most_common():
        click.echo(f"      {number:>6,}  {activity}: {code}")


def _name(title: str, lines: list[str], file: Path | None) -> None:
    """All lines, or where a file has them all, the first ones."""
    if not lines:
        return
    shown = lines if file is None else lines[:SHOWN]
    click.echo(f"\n{title}")
    for line in shown:
        click.echo(f"  {line}")
    if len(shown) < len(lines):
        click.echo(f"  and {len(lines) - len(shown):,} more in {file}")
