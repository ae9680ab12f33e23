"""The person a mail or a notification is for, as far as telling them needs to know: folded from the account's own events; an invitation
stands for the stranger it was sent to.
"""

from typing import Self

from domain.identity import events as e
from domain.identity.events import Sealed
from domain.projects.events import InvitationEnded, MemberInvited
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

MACHINES = frozenset({"node", "service"})


class Recipient(Aggregate, frozen=True):
    """An account's present address, sealed with its person's key, and its roles; no address for an erased person and for other streams."""

    email: Sealed | None = None
    roles: frozenset[str] = frozenset()
    disabled: bool = False

    @property
    def is_told(self) -> bool:
        """Whether notifications are for them: people who may come in; programs and nodes are not told."""
        return self.email is not None and not self.disabled and not (self.roles and self.roles <= MACHINES)

    def evolve(self, event: Event) -> Self:
        """The recipient after one more fact about the account."""
        match event:
            case e.UserRegistered(email=email) | e.EmailChanged(email=email) | MemberInvited(email=email):
                return self.but(email=email)
            case e.RoleGranted(role=role):
                return self.but(roles=self.roles | {role.value})
            case e.RoleRevoked(role=role):
                return self.but(roles=self.roles - {role.value})
            case e.UserDisabled() | e.UserEnabled():
                return self.but(disabled=isinstance(event, e.UserDisabled))
            case e.UserErased() | InvitationEnded():
                return self.but(email=None)
        return self
