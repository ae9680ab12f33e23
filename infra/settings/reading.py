"""The settings of one running system, and how they are read from the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from infra.settings.checks import wrong_values
from infra.settings.requests import RequestSettings
from infra.settings.words import BadSettings, Size, in_bytes, redacted

SYNONYMS: Final = {
    "ENV": ("NODE_ENV",),
    "JWT_EXPIRES_IN": ("JWT_EXPIRATION", "JWT_EXPIRY"),
    "JWT_REFRESH_EXPIRATION": ("REFRESH_TOKEN_EXPIRY",),
}


class Settings(RequestSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One running system's settings; field `database_url` is the variable `DATABASE_URL`, or `DATABASE_URL_FILE` names a file with it.

    Durations are seconds, sizes bytes. Secrets have no default: a process refuses to start without them (security.md 14).
    """

    def redacted(self) -> dict[str, object]:
        """Every setting for people to read: secrets as `***`, addresses without their password."""
        return redacted(self)


def given(name: str) -> str | None:
    """What the environment says about one setting (`NAME`, an older spelling, or `NAME_FILE`), None where it is silent."""
    return _look_up(os.environ, name)


def read_settings(environment: Mapping[str, str] | None = None, beneath: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process; raises `BadSettings` naming *all* that is missing or wrong at once.

    `beneath` answers where the environment is silent: the embedded servers and secrets of a clone.
    """
    source = os.environ if environment is None else environment
    found: dict[str, str] = {}
    problems: list[str] = []
    for field in msgspec.structs.fields(Settings):
        name = field.name.upper()
        try:
            value = _look_up(source, name)
        except OSError as error:
            problems.append(f"{name}_FILE cannot be read: {error.strerror}")
            continue
        if value is None and beneath is not None:
            value = beneath.get(name)
        if value is None and field.required:
            problems.append(f"{name} is missing")
        elif value is not None:
            value = in_bytes(value) if field.type == Size else value
            problems.extend(_misfit(field.name, field.type, value))
            found[field.name] = value
    problems.extend(wrong_values(found))
    if problems:
        raise BadSettings("\n".join(problems))
    return msgspec.convert(found, Settings, strict=False)


def _look_up(source: Mapping[str, str], name: str) -> str | None:
    for spelling in (name, *SYNONYMS.get(name, ())):
        if spelling in source:
            return source[spelling]
        if f"{spelling}_FILE" in source:
            return Path(source[f"{spelling}_FILE"]).read_text().strip()
    return None


def _misfit(name: str, kind: object, value: str) -> list[str]:
    try:
        msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        return [f"{name.upper()} is wrong: {error}"]
    return []
