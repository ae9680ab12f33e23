"""The rules that fields of different things share; all that is wrong is named at once, by pointer, code and a sentence."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from domain.shared.refused import Invalid

TAGS: Final = 20
TAG: Final = 50

Errors = list[dict[str, str]]


def invalid(pointer: str, code: str, message: str) -> Invalid:
    """A refusal that names the one field that does not fit."""
    return Invalid(message, errors=error(pointer, code, message))


def refuse(errors: Errors) -> None:
    """Raise `Invalid` if any field does not fit."""
    if errors:
        raise Invalid(" ".join(one["message"] for one in errors), errors=errors)


def labels(pointer: str, values: Sequence[str] | UnsetType) -> Errors:
    """Whether there are not too many tags, each neither empty nor too long, and without commas (lists of them are written with these)."""
    if values is UNSET:
        return []
    if len(values) > TAGS:
        return error(pointer, "too_long", f"{pointer[1:]} has {len(values)} entries; the most is {TAGS}.")
    errors = [one for nth, value in enumerate(values) for one in text(f"{pointer}/{nth}", value.strip(), TAG, least=1)]
    return errors + [one for nth, value in enumerate(values) if "," in value for one in error(f"{pointer}/{nth}", "not_allowed", "no commas")]


def each_once(values: Sequence[str]) -> tuple[str, ...]:
    """Tags as they are kept: in lower case, each once, in the order given."""
    return tuple(dict.fromkeys(value.strip().lower() for value in values))


def text(pointer: str, value: str | UnsetType | None, most: int, *, least: int = 0) -> Errors:
    """Whether a text is neither too short nor too long, in characters."""
    if value is None or value is UNSET:
        return []
    if len(value) < least:
        return error(pointer, "required", f"{pointer[1:]} must not be empty.")
    if len(value) > most:
        return error(pointer, "too_long", f"{pointer[1:]} has {len(value)} characters; the most is {most}.")
    return []


def json(pointer: str, value: Any, most: int) -> Errors:
    """Whether a JSON value is small enough, in bytes."""
    if value is None or value is UNSET:
        return []
    try:
        size = len(msgspec.json.encode(value))
    except UnicodeEncodeError:
        return error(pointer, "malformed", f"{pointer[1:]} holds text that is not Unicode.")
    return error(pointer, "too_large", f"{pointer[1:]} has {size} bytes as JSON; the most is {most}.") if size > most else []


def number(pointer: str, value: int, least: int, most: int) -> Errors:
    """Whether a number is in its range."""
    return [] if least <= value <= most else error(pointer, "out_of_range", f"{pointer[1:]} must be from {least} to {most}.")


def moment(pointer: str, value: datetime | UnsetType | None) -> Errors:
    """Whether a time says its zone and exists in UTC."""
    if value is None or value is UNSET:
        return []
    if value.tzinfo is None:
        return error(pointer, "zone_required", f"{pointer[1:]} needs a time zone, such as Z.")
    try:
        value.astimezone(UTC)
    except OverflowError:
        return error(pointer, "out_of_range", f"{pointer[1:]} is not a time between the years 1 and 9999.")
    return []


def future(pointer: str, value: datetime | None, now: datetime) -> datetime | None:
    """The time in UTC; raises `Invalid` unless it is in the future (a lock that ends now has ended)."""
    refuse(moment(pointer, value))
    if value is not None and value <= now:
        raise invalid(pointer, "must_be_future", f"{pointer[1:]} must be in the future.")
    return utc(value)


def utc(value: datetime | None) -> datetime | None:
    """The same moment in UTC."""
    return None if value is None else value.astimezone(UTC)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1, 1.0 and true are three values."""
    return msgspec.json.encode(one, order="deterministic") == msgspec.json.encode(other, order="deterministic")


def error(pointer: str, code: str, message: str) -> Errors:
    """One thing that does not fit."""
    return [{"pointer": pointer, "code": code, "message": message}]
