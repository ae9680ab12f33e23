"""The person a mail is for, as far as a mail needs to know: folded from the account's own events."""

from typing import Self

from domain.identity.events import EmailChanged, Sealed, UserErased, UserRegistered
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event


class Recipient(Aggregate, frozen=True):
    """An account's present address, sealed with its person's key; none for a stream that is no account's, and for an erased person."""

    email: Sealed | None = None

    def evolve(self, event: Event) -> Self:
        """The recipient after one more fact about the account."""
        match event:
            case UserRegistered(email=email) | EmailChanged(email=email):
                return self.but(email=email)
            case UserErased():
                return self.but(email=None)
        return self
