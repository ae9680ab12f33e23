"""A person's second factor: codes of an authenticator (TOTP, RFC 6238), and recovery codes for the day it is lost."""

from typing import Final, Self
from uuid import UUID, uuid5

from domain.identity.errors import CodeSpent, MfaInvalid, SecondFactorIsOff, SecondFactorIsOn, SecondFactorNotForMachines, SecondFactorNotOffered
from domain.identity.events import RecoveryCodesIssued, RecoveryCodeUsed, TotpConfirmed, TotpDisabled, TotpEnrolled, TotpReset, TotpUsed
from domain.identity.role import MACHINES, Role
from domain.shared.aggregate import NOBODY, Aggregate
from domain.shared.event import Event

CODES: Final = 10
"""Recovery codes that are issued at a time."""


def factor_id(user_id: UUID) -> UUID:
    """The stream of a person's second factor."""
    return uuid5(user_id, "second factor")


class SecondFactor(Aggregate, frozen=True):
    """`last_step` is the newest time step a code was shown of; it and all before it are spent (RFC 6238, 5.2)."""

    user_id: UUID = NOBODY
    offered: UUID | None = None
    """The seed that was shown and not confirmed."""
    seed: UUID | None = None
    """The seed whose codes count."""
    last_step: int = 0
    issue: UUID | None = None
    """The recovery codes that count."""
    left: frozenset[int] = frozenset()
    """The numbers of those that were not used."""

    @property
    def is_on(self) -> bool:
        """Whether a sign-in asks for it."""
        return self.seed is not None

    def offer(self, user_id: UUID, role: Role, seed_id: UUID) -> list[Event]:
        """Show a seed; raises `SecondFactorNotForMachines`, `SecondFactorIsOn`."""
        if role in MACHINES:
            raise SecondFactorNotForMachines
        if self.is_on:
            raise SecondFactorIsOn
        return [TotpEnrolled(user_id=user_id, seed_id=seed_id)]

    def must_be_offered(self) -> UUID:
        """The seed that waits for its first code; raises `SecondFactorNotOffered`, `SecondFactorIsOn`."""
        if self.is_on:
            raise SecondFactorIsOn
        if self.offered is None:
            raise SecondFactorNotOffered
        return self.offered

    def confirm(self, step: int | None, issue_id: UUID) -> list[Event]:
        """Switch it on with the first code; `step` is the one the code is of, None for a wrong code (`MfaInvalid`)."""
        seed_id = self.must_be_offered()
        if step is None:
            raise MfaInvalid
        return [TotpConfirmed(user_id=self.user_id, seed_id=seed_id, step=step), *self._issue(issue_id)]

    def must_be_on(self) -> UUID:
        """The seed whose codes count; raises `SecondFactorIsOff`."""
        if self.seed is None:
            raise SecondFactorIsOff
        return self.seed

    def use_code(self, step: int | None) -> list[Event]:
        """Spend a code of the authenticator; raises `MfaInvalid` for a wrong one, `CodeSpent` for one that was shown before."""
        self.must_be_on()
        if step is None:
            raise MfaInvalid
        if step <= self.last_step:
            raise CodeSpent
        return [TotpUsed(user_id=self.user_id, step=step)]

    def use_recovery_code(self, number: int | None) -> list[Event]:
        """Spend a recovery code; raises `MfaInvalid` for a wrong one, `CodeSpent` for one that was used before."""
        self.must_be_on()
        if number is None:
            raise MfaInvalid
        if number not in self.left:
            raise CodeSpent
        return [RecoveryCodeUsed(user_id=self.user_id, number=number, left=len(self.left) - 1)]

    def renew_codes(self, issue_id: UUID) -> list[Event]:
        """Issue new recovery codes in place of the old ones."""
        self.must_be_on()
        return self._issue(issue_id)

    def disable(self) -> list[Event]:
        """Do without it; raises `SecondFactorIsOff`."""
        self.must_be_on()
        return [TotpDisabled(user_id=self.user_id)]

    def reset(self) -> list[Event]:
        """Take it away, whatever state it is in; told twice, nothing new happened."""
        return [TotpReset(user_id=self.user_id)] if self.seed or self.offered else []

    def _issue(self, issue_id: UUID) -> list[Event]:
        return [RecoveryCodesIssued(user_id=self.user_id, issue_id=issue_id, count=CODES)]

    def evolve(self, event: Event) -> Self:
        """The factor after one more fact."""
        after = self
        match event:
            case TotpEnrolled(user_id=user_id, seed_id=seed_id):
                after = self.but(user_id=user_id, offered=seed_id)
            case TotpConfirmed(seed_id=seed_id, step=step):
                after = self.but(offered=None, seed=seed_id, last_step=step)
            case TotpUsed(step=step):
                after = self.but(last_step=step)
            case RecoveryCodesIssued(issue_id=issue_id, count=count):
                after = self.but(issue=issue_id, left=frozenset(range(count)))
            case RecoveryCodeUsed(number=number):
                after = self.but(left=self.left - {number})
            case TotpDisabled() | TotpReset():
                after = self.but(offered=None, seed=None, last_step=0, issue=None, left=frozenset())
        return after
