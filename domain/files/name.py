"""Names of files as they are kept: whatever a client sends, the result is a plain name that can do no harm on anybody's disk."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 255
"""Bytes of UTF-8, as much as file systems take."""
NAMELESS: Final = "file"
HARMFUL: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Controls, invisible signs such as those that turn the direction of writing (`gpj.exe` read backwards), lone surrogates, line ends."""
_PATH: Final = re.compile(r"[/\\]")


def plain(name: str) -> str:
    """The last part of a path (RFC 7578, 4.2), in NFC, without invisible signs, not hidden, not too long; `file` where nothing is left."""
    last = _PATH.split(unicodedata.normalize("NFC", name))[-1]
    seen = "".join(sign for sign in last if unicodedata.category(sign) not in HARMFUL)
    return _short(re.sub(r"\s+", " ", seen).strip(" .")) or NAMELESS


def _short(name: str) -> str:
    if len(name.encode()) <= LONGEST:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > 20:
        stem, dot, extension = name, "", ""
    room = LONGEST - len((dot + extension).encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + dot + extension


def extension_of(name: str) -> str:
    """What stands after the last dot, in lower case; empty where there is none."""
    return name.rpartition(".")[2].lower() if "." in name else ""
