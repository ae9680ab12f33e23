"""What the demo asks of the API, and what must then be true."""

from typing import Any, Final

import msgspec

ADMIN: Final = "administrator"
DESK: Final = "help desk"
"""Owns all tickets that nodes work on. An account of its own, so that its tasks are exactly those of the log."""
TEAM: Final = "service desk"
"""Owns the projects of people, and every ticket in them."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """A task as the log says it must be. `node` is a name of the log; `version` counts what has happened to it."""

    version: int = 0
    status: str = ""
    node: str | None = None
    priority: str = "medium"
    attempts: int = 0
    people: tuple[str, ...] = ()
    """Who works on it where people do, in the order they came."""
    overdue: bool = False


class Entry(msgspec.Struct, frozen=True):
    """One change as the task's history must tell it; people by their names in the log."""

    action_type: str
    from_value: Any
    to_value: Any
    reason: str | None
    by: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `path` is added to the address of the task; people in `body` are names.

    A step makes `events` at once, so the version of a task says how many of its steps were applied, however long ago.
    A step with a `refusal` makes none: the API must answer with this code.
    """

    line: int
    by: str
    path: str
    body: dict[str, Any]
    method: str = "POST"
    leaves: Expected
    entries: tuple[Entry, ...] = ()
    refusal: str = ""
    events: int = 1

    def is_done_in(self, version: int) -> bool:
        """Whether a task of this version has this step behind it."""
        return self.leaves.version < version if self.refusal else self.leaves.version <= version


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a line comes to. Without steps it says nothing new, or, where there is a `problem`, nothing can be made of it."""

    line: int
    activity: str
    steps: tuple[Step, ...] = ()
    problem: str = ""
    leaves: Expected
