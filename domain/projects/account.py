"""An account as projects see it: whether it can be a member."""

from typing import Self

from domain.identity import events as identity
from domain.identity.role import Role
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event


class Account(Aggregate, frozen=True, kw_only=True):
    """Folded from the stream of the account."""

    registered: bool = False
    disabled: bool = False
    verified: bool = False
    """Its e-mail address was proved to reach the person."""
    roles: frozenset[Role] = frozenset()

    @property
    def is_there(self) -> bool:
        """Whether it can be a member: neither disabled nor erased, and no worker node, which sees what is assigned to it and nothing else."""
        return self.registered and not self.disabled and not self.is_only_node

    @property
    def is_only_node(self) -> bool:
        """Whether a worker node is behind it and nobody else."""
        return self.roles == {Role.NODE}

    def evolve(self, event: Event) -> Self:
        """The state after one more event of the account."""
        match event:
            case identity.UserRegistered() | identity.UserErased():
                return self.but(registered=isinstance(event, identity.UserRegistered))
            case identity.RoleGranted(role=role):
                return self.but(roles=self.roles | {role})
            case identity.RoleRevoked(role=role):
                return self.but(roles=self.roles - {role})
            case identity.UserDisabled() | identity.UserEnabled():
                return self.but(disabled=isinstance(event, identity.UserDisabled))
            case identity.EmailVerified() | identity.EmailChanged():
                return self.but(verified=True)
        return self
