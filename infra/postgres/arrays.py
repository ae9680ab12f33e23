"""Arrays in PostgreSQL's binary format with fixed types: one prepared statement whatever the values, and cheap to build."""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

NULL: Final = b"\xff\xff\xff\xff"
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Array:
    """Encoded elements (each with its length in front) of one element type."""

    oid: int
    element: int

    def __init__(self, elements: Sequence[bytes]) -> None:
        head = struct.pack(">iiIii", 1, 1, self.element, len(elements), 1) if elements else struct.pack(">iiI", 0, 0, self.element)
        self.encoded = head + b"".join(elements)


class Bytes(Array):
    """bytea[]"""

    oid, element = 1001, 17

    def __init__(self, values: Iterable[bytes | None]) -> None:
        super().__init__([NULL if value is None else len(value).to_bytes(4, "big") + value for value in values])


class Texts(Array):
    """text[]"""

    oid, element = 1009, 25

    def __init__(self, values: Iterable[str]) -> None:
        super().__init__([len(value).to_bytes(4, "big") + value for value in (text.encode() for text in values)])


class Uuids(Array):
    """uuid[]"""

    oid, element = 2951, 2950

    def __init__(self, values: Iterable[UUID | None]) -> None:
        super().__init__([NULL if value is None else b"\0\0\0\x10" + value.bytes for value in values])


class Ints(Array):
    """int4[]"""

    oid, element = 1007, 23

    def __init__(self, values: Iterable[int]) -> None:
        super().__init__([b"\0\0\0\x04" + value.to_bytes(4, "big", signed=True) for value in values])


class Smallints(Array):
    """int2[]"""

    oid, element = 1005, 21

    def __init__(self, values: Iterable[int]) -> None:
        super().__init__([b"\0\0\0\x02" + value.to_bytes(2, "big", signed=True) for value in values])


class Bools(Array):
    """bool[]"""

    oid, element = 1000, 16

    def __init__(self, values: Iterable[bool]) -> None:
        super().__init__([b"\0\0\0\x01\x01" if value else b"\0\0\0\x01\0" for value in values])


class Times(Array):
    """timestamptz[]"""

    oid, element = 1185, 1184

    def __init__(self, values: Iterable[datetime]) -> None:
        super().__init__([b"\0\0\0\x08" + _microseconds(value).to_bytes(8, "big", signed=True) for value in values])


def _microseconds(moment: datetime) -> int:
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _dumper(kind: type[Array]) -> type[Dumper]:
    class ArrayDumper(Dumper):
        format = Format.BINARY
        oid = kind.oid

        def dump(self, obj: Any) -> Buffer | None:
            encoded: bytes = obj.encoded
            return encoded

    return ArrayDumper


for _kind in (Bytes, Texts, Uuids, Ints, Smallints, Bools, Times):
    psycopg.adapters.register_dumper(_kind, _dumper(_kind))
