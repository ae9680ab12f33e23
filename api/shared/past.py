"""Time travel over HTTP: what something was after one of its versions or at a moment, and what changed between two of these."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar.params import PathParameter, QueryParameter

from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from api.shared.request import Req
from domain.shared.fields import same
from domain.shared.refused import NotFound
from projections.shared.read_model import R, ReadModel
from projections.shared.reading import Seen

VERSION: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
FORM: Final = r"^([1-9][0-9]{0,8}|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+ -][0-9]{2}:[0-9]{2})?)$"
"""A version, or a time; in a query an unescaped plus sign arrives as a space."""
HOW: Final = "a version (1, 2, …) or a time with its zone (RFC 3339)"
AsOf = Annotated[str | None, QueryParameter(pattern=FORM, description=f"Show it as it was: {HOW}. Whoever may see it now may see what it was.")]
Begin = Annotated[str, QueryParameter(name="from", pattern=FORM, description=f"The earlier state, usually: {HOW}; the first version where left out.")]
FIRST: Final = "1"
BESIDES: Final = frozenset({"id", "version", "created_at", "updated_at"})
"""What every state says of itself."""
Number = Annotated[int, PathParameter(ge=1, le=999_999_999)]
End = Annotated[str | None, QueryParameter(name="to", pattern=FORM, description=f"The later state: {HOW}; now where left out.")]


class FieldChange(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """One field, before and after."""

    field: str
    before: Any
    after: Any


class Difference(msgspec.Struct, frozen=True):
    """What changed between two states of one thing: every field that is not the same. Set in the first, they make the second."""

    id: UUID
    from_version: int
    to_version: int
    changes: list[FieldChange]


async def row_as_of(request: Req, model: ReadModel[R], key: UUID, at: str, newest: int, *, name: str = "as_of") -> Seen[R]:
    """The row of something whose newest version is `newest`, as it was; raises `NotFound` for before it was made, and 400 for the future."""
    moment = _moment(request, name, at, newest)
    seen = await parts(request).past.as_of(model, key, moment)
    if seen.row is None:
        raise NotFound
    return seen


async def difference(
    request: Req, model: ReadModel[Any], key: UUID, newest: int, show: Callable[[Any], msgspec.Struct], begin: str, end: str | None
) -> tuple[Difference, int]:
    """What changed between two states, as `show` shows these, and the position of the later one; raises as `row_as_of`."""
    before = await row_as_of(request, model, key, begin, newest, name="from")
    after = await row_as_of(request, model, key, end or str(newest), newest, name="to")
    return changed(key, show(before.row), show(after.row)), max(before.position, after.position)


def changed(key: UUID, before: msgspec.Struct, after: msgspec.Struct) -> Difference:
    """What is not the same in two states of one kind, both with a `version`."""
    one, other = _plain(before), _plain(after)
    return Difference(key, one["version"], other["version"], field_changes(one, other))


def field_changes(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[FieldChange]:
    """The fields of two states that are not the same."""
    return [FieldChange(field, one.get(field), value) for field, value in other.items() if not same(one.get(field), value)]


def steps_of(states: Iterable[msgspec.Struct | None]) -> list[list[FieldChange]]:
    """What changed at each of these states that follow each other, without version and time; the first came out of nothing."""
    told, before = list[list[FieldChange]](), dict[str, Any]()
    for state in states:
        after = {} if state is None else _plain(state)
        told.append([change for change in field_changes(before, after) if change.field not in BESIDES])
        before = after
    return told


def _plain(state: msgspec.Struct) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(state))
    return told


def _moment(request: Req, name: str, text: str, newest: int) -> int | datetime:
    if VERSION.fullmatch(text):
        if int(text) > newest:
            raise _unfit(name, "must_be_past", f"{name} is a version that is not there yet; the newest is {newest}")
        return int(text)
    try:
        moment = datetime.fromisoformat(text.upper().replace(" ", "+"))
        if moment.tzinfo is None:
            raise _unfit(name, "zone_required", f"{name} needs a time zone, such as Z")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _unfit(name, "out_of_range", f"{name} is not a time that exists") from error
    if moment > parts(request).log.now():
        raise _unfit(name, "must_be_past", f"{name} must not be in the future")
    return moment


def _unfit(name: str, code: str, message: str) -> BodyRefused:
    return BodyRefused([FieldError(name, code, message)])
