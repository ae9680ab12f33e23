"""What the fields of a task may hold; all that is wrong is named at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import UNSET, UnsetType

from domain.shared.fields import Errors, each_once, future, json, labels, moment, number, refuse, same, text, utc

__all__ = ["content", "each_once", "future", "json", "number", "refuse", "same", "text", "utc"]

TITLE: Final = 255
"""Characters of a title, after spaces at both ends are gone."""
DESCRIPTION: Final = 20_000
NOTE: Final = 2_000
EXTERNAL_ID: Final = 255
PAYLOAD: Final = 65_536
"""Bytes of a payload as compact JSON."""
PROGRESS: Final = 16_384
ATTEMPTS: Final = 100
RETRY_SECONDS: Final = 86_400


def content(
    *,
    title: str | UnsetType = UNSET,
    description: str | UnsetType | None = UNSET,
    payload: Any | UnsetType = UNSET,
    due_date: datetime | UnsetType | None = UNSET,
    tags: Sequence[str] | UnsetType = UNSET,
) -> Errors:
    """What is wrong with the fields that can be edited."""
    return [
        *text("/title", title, TITLE, least=1),
        *text("/description", description, DESCRIPTION),
        *json("/payload", payload, PAYLOAD),
        *moment("/due_date", due_date),
        *labels("/tags", tags),
    ]


def said(pointer: str, value: str) -> str:
    """What somebody said, without spaces at both ends; raises `Invalid` for nothing, and for too much."""
    value = value.strip()
    refuse(text(pointer, value, NOTE, least=1))
    return value
