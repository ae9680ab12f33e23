"""Time is a fact: a deadline is a row folded from events, and when it is due the clock dispatches its command."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from application.shared.command import Command
from domain.shared.event import Event, Recorded


class Deadline(msgspec.Struct, frozen=True):
    """A command that is due at a moment (database time). Names what it is about (a lease's token, an attempt) so that an old one is refused."""

    due_at: datetime
    command: Command


FoldDeadline = Callable[[UUID, Deadline | None, Recorded[Any]], Deadline | None]


class Deadlines(msgspec.Struct, frozen=True):
    """A kind of deadline: at most one per stream of the events it listens to."""

    name: str
    listens: tuple[type[Event], ...]
    fold: FoldDeadline


DEADLINES: Final[dict[str, Deadlines]] = {}


def deadline(name: str, *listens: type[Event]) -> Callable[[FoldDeadline], FoldDeadline]:
    """Register how events of a stream set, move and clear its deadline."""

    def register(fold: FoldDeadline) -> FoldDeadline:
        if name in DEADLINES:
            raise TypeError(f"two kinds of deadline are called {name!r}")
        DEADLINES[name] = Deadlines(name, listens, fold)
        return fold

    return register
