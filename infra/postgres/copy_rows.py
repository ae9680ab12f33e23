"""Rows of a read model as PostgreSQL's binary COPY format (manual, "COPY", file formats), about as fast as Python can make it."""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import Connection

from projections.shared.read_model import Row

SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END: Final = b"\xff\xff"
NULL: Final = b"\xff\xff\xff\xff"
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
PIECE: Final = 2_000
"""Rows in one piece."""
_length: Final = struct.Struct(">i").pack
_int: Final = struct.Struct(">iq").pack
_float: Final = struct.Struct(">id").pack


def _uuid(value: UUID) -> bytes:
    return b"\0\0\0\x10" + value.bytes


def _text(value: str) -> bytes:
    data = value.encode()
    return _length(len(data)) + data


def _integer(value: int) -> bytes:
    return _int(8, value)


def _double(value: float) -> bytes:
    return _float(8, value)


def _bool(value: bool) -> bytes:  # noqa: FBT001 — the column's value.
    return b"\0\0\0\1\1" if value else b"\0\0\0\1\0"


def _time(value: datetime) -> bytes:
    since = value - EPOCH
    return _int(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def _json(value: Any) -> bytes:
    data = bytes(value) if isinstance(value, msgspec.Raw) else msgspec.json.encode(value)
    if data == b"null":
        return NULL  # As `json_populate_recordset`, by which live folding writes, has it.
    return _length(len(data)) + data


def _array(oid: int, put: Callable[[Any], bytes]) -> Callable[[Sequence[Any]], bytes]:
    def write(values: Sequence[Any]) -> bytes:
        data = _ARRAY(1, 0, oid, len(values), 1) + b"".join(map(put, values)) if values else _ARRAY_HEAD(0, 0, oid)
        return _length(len(data)) + data

    return write


_ARRAY_HEAD: Final = struct.Struct(">iii").pack
_ARRAY: Final = struct.Struct(">iiiii").pack
KINDS: Final[dict[str, Callable[[Any], bytes]]] = {
    "uuid": _uuid,
    "text": _text,
    "bigint": _integer,
    "double": _double,
    "boolean": _bool,
    "timestamptz": _time,
    "json": _json,
    "uuid[]": _array(2950, _uuid),
    "text[]": _array(25, _text),
}


def encoded(columns: dict[str, str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Rows, with columns as `RowTable` declares them, in pieces for COPY FROM STDIN (format binary)."""
    write = [KINDS[kind.split()[0]] for kind in columns.values()]
    get: Callable[[Row], tuple[Any, ...]] = attrgetter(*columns) if len(columns) > 1 else lambda row: (getattr(row, next(iter(columns))),)
    start = struct.pack(">h", len(columns))
    piece = [SIGNATURE]
    for row in rows:
        piece.append(start)
        piece += [NULL if value is None else put(value) for put, value in zip(write, get(row), strict=True)]
        if len(piece) > PIECE * len(columns):
            yield b"".join(piece)
            piece.clear()
    piece.append(END)
    yield b"".join(piece)


def copy_in(connection: Connection[Any], table: str, columns: dict[str, str], rows: Iterable[Row]) -> None:
    """Write rows into a table."""
    with connection.cursor().copy(f"copy {table} ({', '.join(columns)}) from stdin (format binary)".encode()) as copy:
        for piece in encoded(columns, rows):
            copy.write(piece)
