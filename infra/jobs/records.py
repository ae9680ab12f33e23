"""Files cut into records, one at a time and in bounded memory; whatever is in them, the next record is found.

A record of CSV goes over several lines while a quote is open. Where it never closes, only its first line is given up.
"""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import msgspec

from infra.jobs.csv_cells import BOM

LARGEST: Final = 262_144
"""Bytes of one record; what a task may hold fits four times."""
_END: Final = re.compile(rb"\r?\n\Z")


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record: the line it begins at (from 1), its bytes without the end, where the next one begins, and what is wrong with it."""

    line: int
    data: bytes
    after: int
    next_line: int
    problem: str = ""


Cut = Callable[[BinaryIO, int], Iterator[Record]]


def lines(file: BinaryIO, line: int) -> Iterator[Record]:
    """A record in each line, from where the file stands; empty lines are none."""
    while first := file.readline(LARGEST + 2):
        whole, data = _is_whole(first), _END.sub(b"", first)
        if not whole:
            _skip(file)
        line += 1
        if data.strip() or not whole:
            yield Record(line - 1, _without_bom(data, line), file.tell(), line, "" if whole else "too_large")


def quoted(file: BinaryIO, line: int) -> Iterator[Record]:
    """Records of CSV."""
    while first := file.readline(LARGEST + 2):
        if not _is_whole(first):
            _skip(file)
            line += 1
            yield Record(line - 1, b"", file.tell(), line, "too_large")
            continue
        back = file.tell()
        data, more = _close(file, first)
        if data is None:
            file.seek(back)
            line += 1
            yield Record(line - 1, _END.sub(b"", first), back, line, "unclosed_quote")
            continue
        began, line = line, line + 1 + more
        data = _without_bom(_END.sub(b"", data), began + 1)
        if data:
            yield Record(began, data, file.tell(), line)


def count(file: BinaryIO, cut: Cut) -> int:
    """About how many records follow: exactly, unless quotes are broken."""
    if cut is lines:
        return sum(1 for line in iter(lambda: file.readline(LARGEST), b"") if line.strip())
    found, is_open = 0, False
    for line in iter(lambda: file.readline(LARGEST), b""):
        is_open ^= line.count(b'"') % 2 == 1
        found += not is_open and bool(line.strip())
    return found


def _close(file: BinaryIO, first: bytes) -> tuple[bytes | None, int]:
    """A record from its first line on, and how many lines more it has; None where it does not close within what is allowed."""
    if first.count(b'"') % 2 == 0:
        return first, 0
    found, is_open = bytearray(first), True
    more = 0
    while is_open:
        line = file.readline(LARGEST + 2)
        found += line
        if not line or len(found) > LARGEST:
            return None, 0
        more += 1
        is_open ^= line.count(b'"') % 2 == 1
    return bytes(found), more


def _is_whole(line: bytes) -> bool:
    """Whether this is a line to its end, and not too long."""
    return len(line) <= LARGEST and (line.endswith(b"\n") or len(line) < LARGEST + 2)


def _skip(file: BinaryIO) -> None:
    """Go to the end of the line, unless the file stands there already."""
    file.seek(-1, 1)
    while (part := file.readline(LARGEST)) and not part.endswith(b"\n"):
        pass


def _without_bom(data: bytes, next_line: int) -> bytes:
    return data.removeprefix(BOM) if next_line == 2 else data
