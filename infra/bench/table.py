"""The figures for people."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.bench.row import Row


def show(console: Console, about: Mapping[str, Any], rows: Iterable[Row]) -> None:
    """Machine and table."""
    server = dict(about["postgres"])
    console.print(f"{about['processor']}, {about['cores']} cores, {about['memory_gb']} GB, {about['system']}, Python {about['python']}")
    console.print(f"PostgreSQL {server.pop('server_version')}: " + ", ".join(f"{name} {value}" for name, value in server.items()))
    console.print(", ".join(f"{name} {version}" for name, version in about["packages"].items()))
    console.print(f"One flush to disk took {about['flush_us']} µs; load average before: {about['load_before']}; load by {about['load']}.")
    table = Table("id", "what", "ours", "beside", "rival", "ratio", "reach", "reached", "remarks")
    for row in rows:
        bound = f"{'≤' if row.lower_is_better else '≥'} {row.reach:g}"
        done = "[green]yes" if row.reached else "[red]no"
        cells = (figure(row.ours, row.unit), row.against, figure(row.rival, row.unit), f"{row.ratio:.2f}", bound, done, row.note)
        table.add_row(row.id, row.what, *cells)
    console.print(table)
    console.print("ratio = median of ours / median of the rival; for times and sizes less is better, beside a limit it is the part used of it.")


def figure(value: float, unit: str) -> str:
    """A figure with its unit."""
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"
