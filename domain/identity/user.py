"""An account."""

from typing import Self
from uuid import UUID

from domain.identity.errors import AccountDisabled
from domain.identity.events import RoleGranted, RoleRevoked, Sealed, UserDisabled, UserEnabled, UserRegistered
from domain.identity.role import Role, furthest
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event


class User(Aggregate, frozen=True):
    """A person or a worker node. Name and e-mail stay sealed; a sign-in opens them to greet the person."""

    email: Sealed = Sealed("")
    name: Sealed = Sealed("")
    roles: frozenset[Role] = frozenset()
    active: bool = True

    @property
    def role(self) -> Role:
        """The role that decides."""
        return furthest(self.roles)

    @staticmethod
    def register(user_id: UUID, email: Sealed, name: Sealed, role: Role) -> list[Event]:
        """The first facts of an account."""
        return [UserRegistered(user_id=user_id, email=email, name=name), RoleGranted(user_id=user_id, role=role)]

    def must_be_active(self) -> None:
        """Raises `AccountDisabled`. Asked only after the password fitted, else it tells strangers which accounts exist."""
        if not self.active:
            raise AccountDisabled

    def evolve(self, event: Event) -> Self:
        """The account after one more fact."""
        match event:
            case UserRegistered(email=email, name=name):
                return self.but(email=email, name=name)
            case RoleGranted(role=role):
                return self.but(roles=self.roles | {role})
            case RoleRevoked(role=role):
                return self.but(roles=self.roles - {role})
            case UserDisabled():
                return self.but(active=False)
            case UserEnabled():
                return self.but(active=True)
        return self
