"""What is told of an event, and to whom: pure functions, registered for families of events where they are defined."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.shared.aggregate import Aggregate
from domain.shared.event import BY_CLASS, Event, Recorded
from projections.shared.facts import facts

LARGE: Final = 1024
"""Bytes beyond which a fact is not told but named under `left_out`: whoever wants it asks for the resource."""
_encode = msgspec.json.Encoder().encode


class Happened(msgspec.Struct, frozen=True):
    """An event with the circle it concerns, before it and after it (the same where it does not change it)."""

    recorded: Recorded[Any]
    before: Any = None
    after: Any = None


class Told(msgspec.Struct, frozen=True):
    """What is told of it: the resource it is about, small facts, and the topics of those it concerns."""

    id: UUID
    data: dict[str, Any]
    to: set[str]


Says = Callable[[Happened], Told | None]


class Tell(msgspec.Struct, frozen=True):
    """How families of events are told, `but` some of them. `circle`: what says whom they concern, folded from the stream that `about` names.
    `beside`: what is always said beside the facts of the event.
    """

    families: tuple[type[Event], ...]
    but: tuple[type[Event], ...]
    says: Says
    circle: type[Aggregate] | None
    about: Callable[[Recorded[Any]], UUID]
    private: bool
    removes: Callable[[Event], UUID | None]
    beside: type[msgspec.Struct] | None

    def names(self) -> dict[str, type[Event]]:
        """The pinned names of its events."""
        return {known.name: shape for shape, known in BY_CLASS.items() if self.fits(shape)}

    def fits(self, shape: type[Event]) -> bool:
        """Whether events of this class are told so."""
        return issubclass(shape, self.families) and not issubclass(shape, self.but)


TELLS: Final[list[Tell]] = []
_KNOWN: Final[dict[type[Event], Tell | None]] = {}


def of_its_stream(recorded: Recorded[Any]) -> UUID:
    """Most circles are folded from the very stream the event stands in."""
    return recorded.stream_id


def tells(
    *families: type[Event],
    but: tuple[type[Event], ...] = (),
    circle: type[Aggregate] | None = None,
    about: Callable[[Recorded[Any]], UUID] = of_its_stream,
    private: bool = False,
    removes: Callable[[Event], UUID | None] = lambda _: None,
    beside: type[msgspec.Struct] | None = None,
) -> Callable[[Says], Says]:
    """Register what is told of these events and their kinds, nothing where the function answers None. `private`: not even on `all`.
    `removes`: who may see less after such an event, also of other things. `beside`: for the document, what is said beside its facts.
    """

    def register(says: Says) -> Says:
        TELLS.append(Tell(families, but, says, circle, about, private, removes, beside))
        return says

    return register


def tell_of(shape: type[Event]) -> Tell | None:
    """How an event of this class is told."""
    if shape not in _KNOWN:
        _KNOWN[shape] = next((tell for tell in TELLS if tell.fits(shape)), None)
    return _KNOWN[shape]


def small(event: Event, *known: str, **more: Any) -> dict[str, Any]:
    """The facts of an event, with `more`, without those that are `known` from elsewhere; personal ones only as `sealed`, large ones only by name.
    Of an edit those after it.
    """
    told = {name: value for name, value in facts(event).items() if name not in {"at", "before", *known}}
    changes = told.pop("after", None)
    if isinstance(changes, dict):
        told["changes"] = changes
    return _without_large(more | told)


def _without_large(told: dict[str, Any]) -> dict[str, Any]:
    if isinstance(told.get("changes"), dict):
        told["changes"] = _without_large(told["changes"])
    large = sorted(name for name, value in told.items() if name != "changes" and isinstance(value, str | list | dict) and _is_large(value))
    kept = {name: value for name, value in told.items() if name not in large}
    return {**kept, "left_out": large} if large else kept


def _is_large(value: Any) -> bool:
    return len(value) > LARGE if isinstance(value, str) else len(_encode(value)) > LARGE
