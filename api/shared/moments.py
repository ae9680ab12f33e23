"""Times and days in queries."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec
from litestar.openapi.spec.enums import OpenAPIFormat
from litestar.params import QueryParameter

from api.shared.problems import BodyRefused, FieldError


def moment_of(name: str, text: str | None) -> datetime | None:
    """A time of a query; raises `BodyRefused`. The framework would take numbers for times, too."""
    if text is None:
        return None
    try:
        # In a query, a plus may stand for a space.
        read: datetime = msgspec.convert(text.replace(" ", "+"), Annotated[datetime, msgspec.Meta(tz=True)])
        return read.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError) as error:
        raise BodyRefused([FieldError(name, "wrong_format", "a time as in 2026-03-01T12:00:00Z")]) from error


def day_of(name: str, text: str | None) -> date | None:
    """A day of a query; raises `BodyRefused`."""
    if text is None:
        return None
    try:
        return msgspec.convert(text, date)
    except msgspec.ValidationError as error:
        raise BodyRefused([FieldError(name, "wrong_format", "a day as in 2026-03-01")]) from error


def moment(description: str, **more: Any) -> Any:
    """A parameter that is a time."""
    return QueryParameter(format=OpenAPIFormat.DATE_TIME, description=description, **more)


def day(description: str, **more: Any) -> Any:
    """A parameter that is a day."""
    return QueryParameter(format=OpenAPIFormat.DATE, description=description, **more)
