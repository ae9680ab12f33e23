"""What files about one kind of thing look like: which cells a row has in CSV, in a line of JSON, and on paper."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from projections.shared.read_model import ReadModel

Cell = Callable[[Any], str | None]


class Column(msgspec.Struct, frozen=True):
    """A column on paper: its heading, its width in millimetres, and what stands in it."""

    heading: str
    width: float
    text: Callable[[Any], str]


class Sheet(msgspec.Struct, frozen=True):
    """How rows of a read model are written. `noun`: what they are called, several of them; `cells`: in the order of the file."""

    noun: str
    model: ReadModel[Any]
    cells: Mapping[str, Cell]
    line: Callable[[Any], bytes]
    paper: Sequence[Column]

    def row(self, row: Any) -> list[str | None]:
        """A row as cells of CSV."""
        return [write(row) for write in self.cells.values()]


def text(value: Any) -> str | None:
    """Anything as a cell."""
    return None if value is None else str(value)


def moment(value: datetime | None) -> str | None:
    """RFC 3339, in UTC."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def minute(value: datetime | None) -> str:
    """As people read it."""
    return "" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def raw(value: msgspec.Raw | None) -> str | None:
    """JSON as a cell."""
    return None if value is None else bytes(value).decode()
