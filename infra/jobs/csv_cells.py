"""Single cells of CSV (RFC 4180): quoted where needed, and never a formula for the program that opens the file (OWASP, CSV Injection).

Nothing is lost on the way out and in again: an empty cell is nothing, `""` is the empty text, and a text that could be taken for a
formula gets one apostrophe in front of it, as does a text that only looks as if it had got one.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

RISKY: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""How formulas begin in the programs people use, full-width signs among them; behind apostrophes, so that reading can take one off."""
GUARDED: Final = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
QUOTED: Final = re.compile(r'[",\r\n;\t]|^ | $|^$')
"""What needs quotes, and what other programs would take for the end of a cell (semicolon, tab) or trim."""
BOM: Final = b"\xef\xbb\xbf"


def written(value: str | None) -> str:
    """A cell as it stands in a file."""
    if value is None:
        return ""
    if RISKY.match(value):
        value = f"'{value}"
    return '"' + value.replace('"', '""') + '"' if QUOTED.search(value) else value


def row(values: Iterable[str | None]) -> str:
    """A line of cells, with its end."""
    return ",".join(map(written, values)) + "\r\n"


def cells(record: bytes) -> Sequence[bytes | None] | None:
    """The cells of one record without its end, as bytes (None: empty and not quoted); None where the quotes do not fit."""
    if b'"' not in record:
        return None if b"\r" in record else [cell or None for cell in record.split(b",")]
    found, at = list[bytes | None](), 0
    while True:
        fits = _CELL.match(record, at)
        if fits is None:
            return None
        quoted, plain = fits.groups()
        found.append((plain or None) if quoted is None else quoted.replace(b'""', b'"'))
        at = fits.end()
        if at == len(record):
            return found
        at += 1  # the comma


def unguarded(text: str) -> str:
    """A text without the apostrophe that was put before it."""
    return text[1:] if GUARDED.match(text) else text


_CELL: Final = re.compile(rb'(?:"((?:[^"]|"")*+)"|([^",\r\n]*+))(?=,|\Z)')
