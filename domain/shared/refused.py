"""Refusals: a class with a sentence. The docstring is the problem's title, the log line and what a test expects."""

import re
from typing import Any


class Refused(Exception):
    """The request was refused."""

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.facts = facts

    @classmethod
    def title(cls) -> str:
        """The sentence of this refusal."""
        return (cls.__doc__ or "").strip().split("\n")[0]

    @classmethod
    def code(cls) -> str:
        """The stable code clients switch on: the class's name in snake case."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class Invalid(Refused):
    """What was asked does not fit the rules of its fields."""


class Unauthenticated(Refused):
    """The caller did not prove who they are."""


class Forbidden(Refused):
    """The caller may see this but may not do that."""


class NotFound(Refused):
    """There is nothing here that the caller may see."""


class Conflict(Refused):
    """The request does not fit the present state."""


class PreconditionFailed(Refused):
    """The resource has changed since the version named by the client."""


class Unavailable(Refused):
    """The service cannot answer right now; try again soon."""


class VersionConflict(Conflict):
    """Others changed the same thing at the same time, again and again."""


class Overloaded(Unavailable):
    """Too many commands are waiting to be written; try again soon."""
