"""Reactions: an event becomes a command of the reacting context. Run exactly once in effect, never by a rebuild."""

from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from application.shared.command import Command
from domain.shared.event import Event, Recorded

React = Callable[[Recorded[Any]], Iterable[Command]]


class Reaction(msgspec.Struct, frozen=True):
    """A named reaction and the events it listens to. The name is pinned: its position in the log is kept under it."""

    name: str
    listens: tuple[type[Event], ...]
    react: React
    from_first: bool = False
    """Begin with the first event it listens to, however old: where each of them needs it, and doing it late does no harm."""
    at_once: int = 1
    """How many streams' events it may react to at the same time; those of one stream come in order."""


REACTIONS: Final[dict[str, Reaction]] = {}


def reacts(name: str, *listens: type[Event], from_first: bool = False, at_once: int = 1) -> Callable[[React], React]:
    """Register a function from a recorded event to the commands that follow from it."""

    def register(react: React) -> React:
        if name in REACTIONS:
            raise TypeError(f"two reactions are called {name!r}")
        REACTIONS[name] = Reaction(name, listens, react, from_first, at_once)
        return react

    return register


def derived_id(recorded: Recorded[Any], reaction: str, ordinal: int) -> UUID:
    """The command's id: the same event, reaction and ordinal always give the same, so redelivery is harmless for ever."""
    return uuid5(recorded.stream_id, f"{recorded.version}/{reaction}/{ordinal}")
