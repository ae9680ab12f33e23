"""JSON that means the same to everybody (I-JSON, RFC 7493): what two programs could read differently is refused."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from api.shared.problems import BodyRefused, FieldError

DEPTH: Final = 64
LARGEST: Final = 2**63 - 1
"""Integers beyond 64 bits become other numbers in most programs that read them back."""
TOLD_AT_MOST: Final = 20
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(float_hook=str).decode
_LONG_NUMBER: Final = re.compile(rb"[0-9]{19}")
_ALIKE: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


class _Suspicious(Exception):
    pass


class _Pairs(list[tuple[str, Any]]):
    """The members of an object as they were written."""


def _members(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len({name for name, _ in pairs}) < len(pairs):
        raise _Suspicious


def _integer(digits: str) -> int:
    if len(digits) > 18 and (len(digits) > 20 or not -LARGEST - 1 <= int(digits) <= LARGEST):
        raise _Suspicious
    return 0


_glance = json.JSONDecoder(object_pairs_hook=_members, parse_int=_integer, parse_float=len).decode
# A number with thousands of digits is not worth reading to be refused.
_read = json.JSONDecoder(object_pairs_hook=_Pairs, parse_int=lambda digits: int(digits[:40]), parse_float=len).decode


def refuse_ambiguous(value: bytes) -> None:
    """Raises `BodyRefused` for duplicate members, NUL, halves of surrogate pairs, integers beyond 64 bits, and more than 64 levels.

    `value` is JSON in UTF-8. One quick look is enough for nearly every body; only a suspicious one is walked through.
    """
    try:
        if b"\\u" not in value and not _is_deep(value):
            if not _is_compact(value):
                _glance(value.decode())
            return
    except _Suspicious:
        pass
    errors = list(islice(_wrong(_read(value.decode()), "", 1), TOLD_AT_MOST))
    if errors:
        raise BodyRefused(errors)


def _is_compact(value: bytes) -> bool:
    """Whether it is what an encoder of ours would write: then nothing in it stands twice or was changed by reading it."""
    return not _LONG_NUMBER.search(value) and _encode(_decode(value)) == value


def _is_deep(value: bytes) -> bool:
    if value.count(b"{") + value.count(b"[") <= DEPTH:
        return False
    brackets = _STRING.sub(b"", value).translate(_ALIKE, _NO_BRACKETS)
    for _ in range(DEPTH):  # Each turn takes the innermost level away.
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _wrong(part: Any, pointer: str, level: int) -> Iterator[FieldError]:
    if isinstance(part, str):
        if "\0" in part or any("\ud800" <= letter <= "\udfff" for letter in part):
            yield FieldError(pointer, "unwritable_text", "text with NUL or half of a surrogate pair")
    elif isinstance(part, int) and not isinstance(part, bool):
        if not -LARGEST - 1 <= part <= LARGEST:
            yield FieldError(pointer, "out_of_range", "an integer beyond 64 bits; send it as text")
    elif isinstance(part, list):
        if level > DEPTH:
            yield FieldError(pointer, "too_deep", f"more than {DEPTH} levels")
            return
        for name, inner in part if isinstance(part, _Pairs) else enumerate(part):
            yield from _wrong(inner, f"{pointer}/{_escaped(name)}", level + 1)
        if isinstance(part, _Pairs):
            yield from _wrong_names(part, pointer)


def _wrong_names(part: _Pairs, pointer: str) -> Iterator[FieldError]:
    seen: set[str] = set()
    for name, _ in part:
        if name in seen:
            yield FieldError(f"{pointer}/{_escaped(name)}", "duplicate_field", "this field stands here twice")
        seen.add(name)
        yield from _wrong(name, pointer, 1)


def _escaped(name: str | int) -> str:
    # RFC 6901; and what cannot be written must not reach the answer either.
    return str(name).replace("~", "~0").replace("/", "~1").encode(errors="replace").decode().replace("\0", "?")
