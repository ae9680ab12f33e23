"""What the fields of projects and teams may hold; all that is wrong is named at once."""

import unicodedata
from datetime import date
from typing import Any, Final

from msgspec import UNSET, UnsetType

from domain.projects.events import ProjectFields
from domain.shared.fields import Errors, error, json, labels, text

SHORTEST_NAME: Final = 3
NAME: Final = 100
"""Characters of a name, after spaces at both ends are gone."""
DESCRIPTION: Final = 1_000
CATEGORY: Final = 50
REASON: Final = 1_000
JSON: Final = 16_384
"""Bytes of `settings`, and of `custom_data`, as compact JSON."""


def name(value: str | UnsetType) -> Errors:
    """Whether a name is neither too short nor too long."""
    if value is UNSET:
        return []
    if len(value.strip()) < SHORTEST_NAME:
        return error("/name", "too_short", f"name has {len(value.strip())} characters; the least is {SHORTEST_NAME}.")
    return text("/name", value.strip(), NAME)


def described(value: str | UnsetType | None) -> Errors:
    """Whether a description is not too long."""
    return text("/description", value, DESCRIPTION)


def content(fields: ProjectFields) -> Errors:
    """What is wrong with the fields of a project, each by itself."""
    return [
        *name(fields.name),
        *described(fields.description),
        *text("/category", fields.category, CATEGORY),
        *labels("/tags", fields.tags),
        *json("/settings", fields.settings, JSON),
        *json("/custom_data", fields.custom_data, JSON),
    ]


def span(start: Any, end: Any) -> Errors:
    """Whether it ends after it starts, where both are said."""
    if isinstance(start, date) and isinstance(end, date) and end <= start:
        return error("/end_date", "must_be_later", f"end_date must be after start_date, {start}.")
    return []


def same_name(value: str) -> str:
    """A name as it is compared: composed (NFC) and in one case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold())
