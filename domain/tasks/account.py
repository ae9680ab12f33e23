"""An account as tasks see it, folded from its user's stream: whether it is there, and whether a person or a worker node is behind it."""

from typing import Self

from domain.identity import events as identity
from domain.identity.role import MACHINES, Role
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event


class Account(Aggregate, frozen=True, kw_only=True):
    """Somebody to whom tasks may be given. Who holds other roles beside those of machines is a person too."""

    exists: bool = False
    disabled: bool = False
    erased: bool = False
    roles: frozenset[Role] = frozenset()

    @property
    def is_active(self) -> bool:
        """Whether there is such an account and it may be used."""
        return self.exists and not self.disabled

    @property
    def is_node(self) -> bool:
        """Whether it was made for a worker node."""
        return Role.NODE in self.roles

    @property
    def can_work(self) -> bool:
        """Whether tasks may be given to it as to a worker node."""
        return self.is_active and self.is_node

    @property
    def can_own(self) -> bool:
        """Whether tasks may be its: a worker node has only what is assigned to it."""
        return self.is_active and self.roles != {Role.NODE}

    @property
    def is_person(self) -> bool:
        """Whether it may be named where people are meant."""
        return self.is_active and not (self.roles and self.roles <= MACHINES)

    def evolve(self, event: Event) -> Self:
        """The state after one more event of the account."""
        match event:
            case identity.UserRegistered():
                return self.but(exists=True)
            case identity.RoleGranted(role=role):
                return self.but(roles=self.roles | {role})
            case identity.RoleRevoked(role=role):
                return self.but(roles=self.roles - {role})
            case identity.UserDisabled() | identity.UserEnabled():
                return self.but(disabled=isinstance(event, identity.UserDisabled))
            case identity.UserErased():
                return self.but(exists=False, erased=True)
        return self


class HandOver(Aggregate, frozen=True):
    """The stream that says how far an erased account's tasks were handed over; no decision reads it."""

    def evolve(self, event: Event) -> Self:  # noqa: ARG002 — only its version counts.
        """The same."""
        return self
