"""The log of the help desk as it is in the file."""

import csv
import gzip
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = Path(__file__).parent / "helpdesk-tickets.csv.gz"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line: who did what with which ticket. `number` counts the lines of the file, whose first one is the heading."""

    number: int
    timestamp: str
    ticket: str
    activity: str
    resource: str
    seriousness: str
    customer: str
    product: str
    service_level: str
    service_type: str
    workgroup: str


def read_log(path: Path = FILE) -> list[Line]:
    """All lines, in the order of the file."""
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        return list(parse(file.read()))


def parse(text: str) -> Iterable[Line]:
    """The lines of a CSV text with heading; columns that are not known are left out, missing ones are empty."""
    rows = csv.DictReader(io.StringIO(text, newline=""), restval="")
    names = [name for name in Line.__struct_fields__ if name != "number"]
    for row in rows:
        yield Line(number=rows.line_num, **{name: row.get(name) or "" for name in names})


def by_ticket(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """The lines of each ticket, tickets in the order in which they begin."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.ticket, []).append(line)
    return found
