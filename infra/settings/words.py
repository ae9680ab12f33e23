"""Words that settings are written in: secrets, sizes and durations."""

import re
from typing import Annotated, Final

import msgspec

Secret = Annotated[str, msgspec.Meta(extra={"secret": True})]
"""A text that is never shown; of an address only its password is hidden."""
Size = Annotated[int, msgspec.Meta(ge=0, extra={"size": True})]
"""Bytes; may be written with a unit."""
BYTES: Final = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class BadSettings(Exception):
    """The environment does not describe a system that can start; each line names one setting and what is wrong."""


def duration(text: str) -> int:
    """Seconds from `900`, `90s`, `15m`, `2h`, `7d`; raises `BadSettings` for anything else."""
    number, unit = (text[:-1], text[-1:]) if text[-1:] in UNITS else (text, "s")
    if not number.isdigit() or int(number) == 0:
        raise BadSettings(f"{text!r} is not a duration: write 900, 90s, 15m, 2h or 7d")
    return int(number) * UNITS[unit]


def in_bytes(text: str) -> str:
    """`1048576`, `512kb`, `25mb`, `1 GB` as a number of bytes; anything else as it is, to be refused by its type."""
    found = re.fullmatch(r"([0-9]{1,15})\s*([kmg]?b)?", text.strip(), re.IGNORECASE)
    return str(int(found[1]) * BYTES[(found[2] or "").lower()]) if found else text


def redacted(settings: msgspec.Struct) -> dict[str, object]:
    """Every setting for people to read: secrets as `***`, addresses without their password."""
    secret = {field.name for field in msgspec.structs.fields(settings) if field.type == Secret}
    shown = msgspec.to_builtins(settings)
    return {name: _hidden(name, value) if name in secret and value else value for name, value in sorted(shown.items())}


def _hidden(name: str, value: object) -> str:
    return re.sub(r"(?<=:)[^:@/]*(?=@)|(?<=password=)[^&]*", "***", str(value)) if name.endswith("_url") else "***"
