"""Facts: what an event is, the name it is recorded under, and how old shapes become today's."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something that happened, in the past tense. Holds no secrets; personal fields are sealed with the person's key."""


E = TypeVar("E", bound=Event)
E_co = TypeVar("E_co", bound=Event, covariant=True)
Upcast = Callable[[dict[str, Any]], dict[str, Any]]


class EventType(msgspec.Struct, frozen=True):
    """The pinned name of an event, the schema its data has today, and the class that holds it."""

    name: str
    schema: int
    shape: type[Event]


BY_NAME: Final[dict[str, EventType]] = {}
BY_CLASS: Final[dict[type[Event], EventType]] = {}
UPCASTS: Final[dict[tuple[str, int], Upcast]] = {}


class Recorded(msgspec.Struct, Generic[E_co], frozen=True, gc=False):
    """An event with its place in the log: position (gapless, whole log, from 1), version (in its stream, from 1), who and when."""

    position: int
    stream_id: UUID
    version: int
    event: E_co
    actor_id: UUID | None
    recorded_at: datetime


def recorded_as(name: str, schema: int = 1) -> Callable[[type[E]], type[E]]:
    """Pin the name under which an event is recorded for ever; the class may move and be renamed."""

    def pin(shape: type[E]) -> type[E]:
        if name in BY_NAME:
            raise TypeError(f"two events are recorded as {name!r}")
        BY_NAME[name] = BY_CLASS[shape] = EventType(name, schema, shape)
        return shape

    return pin


def upcasts(name: str, schema: int) -> Callable[[Upcast], Upcast]:
    """Register how data of an older schema becomes data of the next one."""

    def register(upcast: Upcast) -> Upcast:
        UPCASTS[name, schema] = upcast
        return upcast

    return register
