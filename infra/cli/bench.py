"""`daybook bench`."""

import rich_click as click


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--json", "file", type=click.Path(dir_okay=False, writable=True), help="Write machine and figures to this file too.")
@click.option("--quick", is_flag=True, help="Only see that everything can be measured; the figures mean little.")
def command(ids: tuple[str, ...], file: str | None, *, quick: bool) -> None:
    """Measure P1, P1b, P2, P3, P4, P5, P7, P8, P10, ORDERS (and P9, LOGIN, EXPLAIN when they are named) beside their rivals, on servers of its own.

    Each side runs in turn several times, and medians are compared. Takes about five minutes; nothing else should run meanwhile.

    EXPLAIN: what each kind of list of tasks touches among a million of them; ends with 1 where one touches more than it may.

    Example: daybook bench P1 P3 --json figures.json
    """
    from pathlib import Path

    import msgspec
    from rich.console import Console

    from infra.bench.run import KNOWN, USUAL, run
    from infra.bench.table import figure, show

    names = {known.lower(): known for known in KNOWN} | {"p4a": "P4", "p4b": "P4"}
    unknown = [one for one in ids if one.lower() not in names]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: one of {', '.join(KNOWN)} is meant", param_hint="ID")
    wanted = list(dict.fromkeys(names[one.lower()] for one in ids)) or list(USUAL)
    screen, progress = Console(), Console(stderr=True)
    if not screen.is_terminal:
        screen.width = 150
    with progress.status("starting") as status:
        about, rows = run(
            wanted,
            status.update,
            lambda row: progress.print(f"{row.id}: {figure(row.ours, row.unit)}, {row.ratio:.2f} of {row.against}"),
            0.1 if quick else 1.0,
        )
    show(screen, about, rows)
    if file is not None:
        Path(file).write_bytes(msgspec.json.format(msgspec.json.encode({"machine": about, "rows": [row.told() for row in rows]})) + b"\n")
    if any(row.id == "EXPLAIN" and not row.reached for row in rows):
        raise SystemExit(1)
