"""What a file is: found out from its bytes as they come by, and compared with what it is said to be (WHATWG MIME Sniffing; RFC 9110, 8.3)."""

import codecs
import re
from typing import Final

from domain.files.errors import UnsupportedMediaType
from domain.files.name import extension_of

HEAD: Final = 512
"""Bytes from the beginning that are looked at."""
ZIP: Final = "application/zip"
_OOXML: Final = "application/vnd.openxmlformats-officedocument."
SIGNATURES: Final[tuple[tuple[str, int, bytes], ...]] = (
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/gif", 0, b"GIF87a"),
    ("image/gif", 0, b"GIF89a"),
    ("image/webp", 8, b"WEBPVP"),
    ("application/pdf", 0, b"%PDF-"),
    (ZIP, 0, b"PK\x03\x04"),
    (ZIP, 0, b"PK\x05\x06"),
    ("application/gzip", 0, b"\x1f\x8b\x08"),
    ("video/webm", 0, b"\x1a\x45\xdf\xa3"),
    ("audio/mpeg", 0, b"ID3"),
    ("audio/mpeg", 0, b"\xff\xfb"),
    *(("video/mp4", 4, b"ftyp" + brand) for brand in (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash")),
)
"""Media type, place, and the bytes that stand there."""
OFFICE: Final = {
    b"word/document.xml": _OOXML + "wordprocessingml.document",
    b"xl/workbook.xml": _OOXML + "spreadsheetml.sheet",
    b"ppt/presentation.xml": _OOXML + "presentationml.presentation",
}
"""The entry of a ZIP archive that makes it a document (ECMA-376)."""
MACROS: Final = b"vbaProject.bin"
TEXTS: Final = frozenset({"text/plain", "text/csv", "text/markdown", "application/json"})
TAKEN: Final = frozenset({name for name, _, _ in SIGNATURES} | set(OFFICE.values()) | TEXTS)
OTHERWISE: Final = {
    "image/jpg": "image/jpeg", "application/x-zip-compressed": ZIP, "application/x-gzip": "application/gzip", "text/x-markdown": "text/markdown",
    "application/csv": "text/csv", "audio/mp3": "audio/mpeg",
}  # fmt: skip
"""Other words for media types."""
UNSAID: Final = frozenset({"", "application/octet-stream"})
"""No word about what it is."""
ACTIVE: Final = frozenset(
    {"html", "htm", "xhtml", "xht", "shtml", "mht", "mhtml", "svg", "svgz", "exe", "dll", "scr", "com", "bat", "cmd", "msi", "hta", "lnk", "vbs"}
)
"""Extensions that make a program of a file once somebody opens it."""
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKUP: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|script|iframe|svg|object|embed|style|\?xml)\b", re.IGNORECASE)
_JSON: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:[\[{\"]|-?[0-9]|(?:true|false|null)\b)")
_OVERLAP: Final = 32


class Sniffer:
    """Looks at the bytes of one file, in any pieces; keeps only the first few of them."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self._entries = set[bytes]()
        self._is_text = True
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def feed(self, piece: bytes) -> None:
        """The next bytes."""
        if len(self._head) < HEAD:
            self._head += piece[: HEAD - len(self._head)]
        if self._is_text:
            self._is_text = _CONTROLS.search(piece) is None and self._decodes(piece)
        if self._head.startswith(b"PK"):
            seen = self._tail + piece
            self._entries |= {entry for entry in (*OFFICE, MACROS) if entry in seen}
            self._tail = seen[-_OVERLAP:]

    def media_type(self, declared: str, name: str) -> str:
        """What it is, once all bytes came by; raises `UnsupportedMediaType` for what is not taken, and for what is said to be something else."""
        word = declared.partition(";")[0].strip().lower()
        word = OTHERWISE.get(word, word)
        if word not in TAKEN | UNSAID:
            raise UnsupportedMediaType(f"{word[:100]} is not taken. Taken are: {', '.join(sorted(TAKEN))}.")
        if extension_of(name) in ACTIVE:
            raise UnsupportedMediaType(f"Files that end with .{extension_of(name)} are not taken.")
        found = self._found()
        if found is None:
            raise UnsupportedMediaType("The bytes are of no kind that is taken.")
        if word in UNSAID or word == found or self._may_be(word, found):
            return found if word in UNSAID else word
        raise UnsupportedMediaType(f"It is said to be {word}, but it is not: {found}.")

    def _decodes(self, piece: bytes, *, final: bool = False) -> bool:
        try:
            self._decoder.decode(piece, final)
        except UnicodeDecodeError:
            return False
        return True

    def _found(self) -> str | None:
        for name, place, signature in SIGNATURES:
            if self._head.startswith(signature, place):
                return self._archive() if name == ZIP else name
        if self._is_text and self._decodes(b"", final=True) and not _MARKUP.match(self._head):
            return "text/plain"
        return None

    def _archive(self) -> str | None:
        if MACROS in self._entries:
            return None
        return next((name for entry, name in OFFICE.items() if entry in self._entries), ZIP)

    def _may_be(self, word: str, found: str) -> bool:
        """A document is an archive, too; and of text only its author knows which kind it is."""
        if found == "text/plain":
            return word in TEXTS and (word != "application/json" or _JSON.match(self._head) is not None)
        return word == ZIP and found in OFFICE.values()
