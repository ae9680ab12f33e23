"""An account as projects see it: whether it can be a member."""

from typing import Self

from domain.identity import events as identity
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event


class Account(Aggregate, frozen=True, kw_only=True):
    """Folded from the stream of the account."""

    registered: bool = False
    disabled: bool = False
    verified: bool = False
    """Its e-mail address was proved to reach the person."""

    @property
    def is_there(self) -> bool:
        """Whether it was neither disabled nor erased."""
        return self.registered and not self.disabled

    def evolve(self, event: Event) -> Self:
        """The state after one more event of the account."""
        match event:
            case identity.UserRegistered() | identity.UserErased():
                return self.but(registered=isinstance(event, identity.UserRegistered))
            case identity.UserDisabled() | identity.UserEnabled():
                return self.but(disabled=isinstance(event, identity.UserDisabled))
            case identity.EmailVerified() | identity.EmailChanged():
                return self.but(verified=True)
        return self
