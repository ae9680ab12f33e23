"""Refusals: a class with a sentence. The docstring is the problem's title, the log line and what a test expects."""

import re
from typing import Any, Self
from uuid import UUID


class Refused(Exception):
    """The request was refused."""

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.facts = facts
        self.concerns: tuple[UUID | None, bytes] | None = None
        """For the audit only, never for the answer: whose account it was about, and the HMAC of the name that was given."""

    def concerning(self, account_id: UUID | None, name: bytes) -> Self:
        """The same refusal, with whom it is about."""
        self.concerns = account_id, name
        return self

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


class TooLarge(Refused):
    """What was sent is larger than it may be."""


class Unsupported(Refused):
    """What was sent is of a kind that is not taken here."""


class Unauthenticated(Refused):
    """The caller did not prove who they are."""


class Forbidden(Refused):
    """The caller may see this but may not do that."""


class InsufficientRole(Forbidden):
    """Your role may not do this."""


class InsufficientScope(Forbidden):
    """This key or token was not given the scope for that."""


class NotFound(Refused):
    """There is nothing here that the caller may see."""


class Hidden(NotFound):
    """There is nothing here that the caller may see."""

    @classmethod
    def code(cls) -> str:
        """The same as for what does not exist: only the audit trail knows the difference."""
        return "not_found"


class TooMany(Refused):
    """Too many requests; `retry_after` says in how many seconds it is worth trying again."""


class TooManyRequests(TooMany):
    """Too many requests."""


class Gone(Refused):
    """It was here, and will not come back."""


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
