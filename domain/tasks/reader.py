"""An account as somebody who may be told of a task: whether it is there, and what its roles let it see."""

from typing import Self

from domain.identity import events as identity
from domain.identity.role import Role
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event


class Reader(Aggregate, frozen=True, kw_only=True):
    """Folded from the stream of the account."""

    registered: bool = False
    disabled: bool = False
    roles: frozenset[Role] = frozenset()

    @property
    def is_there(self) -> bool:
        """Whether somebody can be told anything by this account."""
        return self.registered and not self.disabled

    def evolve(self, event: Event) -> Self:
        """The state after one more event of the account."""
        match event:
            case identity.UserRegistered():
                return self.but(registered=True)
            case identity.RoleGranted(role=role):
                return self.but(roles=self.roles | {role})
            case identity.RoleRevoked(role=role):
                return self.but(roles=self.roles - {role})
            case identity.UserDisabled() | identity.UserEnabled():
                return self.but(disabled=isinstance(event, identity.UserDisabled))
            case identity.UserErased():
                return self.but(registered=False)
        return self
