"""An account."""

from datetime import UTC, datetime, timedelta
from typing import Final, Self
from uuid import UUID

import msgspec

from domain.identity.errors import AccountDisabled, AccountErased, InvalidLink
from domain.identity.events import (
    EmailChanged,
    EmailVerificationAsked,
    EmailVerified,
    PasswordChanged,
    PasswordRehashed,
    PasswordResetAsked,
    RegistrationRepeated,
    RoleGranted,
    RoleRevoked,
    Sealed,
    SessionsEnded,
    UserDisabled,
    UserEnabled,
    UserErased,
    UserRegistered,
    UserRenamed,
)
from domain.identity.events.sealed import NOTHING
from domain.identity.role import MACHINES, Role, furthest
from domain.identity.session import Session
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event

NEVER: Final = datetime.min.replace(tzinfo=UTC)
VERIFY_WITHIN: Final = timedelta(hours=24)
RESET_WITHIN: Final = timedelta(hours=1)
QUIET: Final = timedelta(minutes=1)
"""Within it, what strangers can ask for by an account's e-mail is asked for once: nobody's mailbox is flooded."""


class LinkWanted(msgspec.Struct, frozen=True):
    """A link that was sent by mail and not used yet; only the newest of a kind counts."""

    request_id: UUID
    expires_at: datetime
    email: Sealed = NOTHING

    def must_be(self, request_id: UUID, now: datetime) -> Self:
        """Raises `InvalidLink` for another request, or when it is too late."""
        if self.request_id != request_id or now >= self.expires_at:
            raise InvalidLink
        return self


class User(Aggregate, frozen=True):
    """A person or a worker node. Name and e-mail stay sealed; a sign-in opens them to greet the person."""

    email: Sealed = NOTHING
    name: Sealed = NOTHING
    verified: bool = False
    roles: frozenset[Role] = frozenset()
    active: bool = True
    erased: bool = False
    sessions_since: datetime = NEVER
    """Sessions opened until then are over, but `spared`."""
    spared: UUID | None = None
    verification: LinkWanted | None = None
    reset: LinkWanted | None = None
    repeated_at: datetime = NEVER
    """When somebody last wanted to register with this e-mail."""

    @property
    def exists(self) -> bool:
        """Whether this is an account; its id may also be that of something else."""
        return self.name != NOTHING or self.erased  # A service has no e-mail.

    @property
    def role(self) -> Role:
        """The role that decides."""
        return furthest(self.roles)

    @property
    def administers(self) -> bool:
        """Whether a person can administer this system with it; a machine could never give anybody a role (step-up)."""
        return self.active and Role.ADMIN in self.roles and not self.roles & MACHINES

    @staticmethod
    def register(user_id: UUID, email: Sealed, name: Sealed, role: Role) -> list[Event]:
        """The first facts of an account."""
        return [UserRegistered(user_id=user_id, email=email, name=name), RoleGranted(user_id=user_id, role=role)]

    def must_be_there(self) -> None:
        """Raises `AccountErased`."""
        if self.erased:
            raise AccountErased

    def rename(self, name: Sealed) -> list[Event]:
        """Call the person otherwise; raises `AccountErased`."""
        self.must_be_there()
        return [] if name == self.name else [UserRenamed(user_id=self.id, name=name)]

    def grant(self, role: Role) -> list[Event]:
        """Give a role; raises `AccountErased`."""
        self.must_be_there()
        return [] if role in self.roles else [RoleGranted(user_id=self.id, role=role)]

    def revoke(self, role: Role) -> list[Event]:
        """Take a role away; raises `AccountErased`."""
        self.must_be_there()
        return [RoleRevoked(user_id=self.id, role=role)] if role in self.roles else []

    def disable(self, now: datetime, reason: str) -> list[Event]:
        """Let nobody use the account; raises `AccountErased`."""
        self.must_be_there()
        return [UserDisabled(user_id=self.id, disabled_at=now, reason=reason)] if self.active else []

    def enable(self) -> list[Event]:
        """Let the account be used again; raises `AccountErased`."""
        self.must_be_there()
        return [] if self.active else [UserEnabled(user_id=self.id)]

    def repeat_registration(self, now: datetime) -> list[Event]:
        """Somebody wants to register with the e-mail of this account."""
        return [RegistrationRepeated(user_id=self.id, at=now)] if now >= self.repeated_at + QUIET else []

    def ask_verification(self, request_id: UUID, email: Sealed, now: datetime) -> list[Event]:
        """Ask for the proof that an e-mail, the present or another one, reaches the person; raises `AccountErased`."""
        self.must_be_there()
        return [EmailVerificationAsked(user_id=self.id, request_id=request_id, email=email, expires_at=now + VERIFY_WITHIN)]

    def ask_verification_again(self, request_id: UUID, now: datetime) -> list[Event]:
        """The same once more, unless nothing is to be proved or it was asked just now."""
        wanted = self.verification
        if wanted is None and (self.verified or self.email == NOTHING):
            return []
        if wanted is not None and now < wanted.expires_at - VERIFY_WITHIN + QUIET:
            return []
        return self.ask_verification(request_id, self.email if wanted is None else wanted.email, now)

    def prove_email(self, request_id: UUID, now: datetime, *, is_present: bool) -> list[Event]:
        """The link was used; whether the e-mail it was sent to is the present one is known to who can open both. Raises `InvalidLink`."""
        wanted = self.email_asked(request_id, now)
        if is_present:
            return [EmailVerified(user_id=self.id, request_id=request_id)]
        return [EmailChanged(user_id=self.id, email=wanted.email, former=self.email)]

    def email_asked(self, request_id: UUID, now: datetime) -> LinkWanted:
        """The e-mail this request is to prove; raises `InvalidLink`."""
        if self.verification is None:
            raise InvalidLink
        return self.verification.must_be(request_id, now)

    def ask_reset(self, request_id: UUID, now: datetime) -> list[Event]:
        """Ask for a link that replaces a forgotten password; nothing for who may not sign in, or when it was asked just now."""
        if not self.active or (self.reset is not None and now < self.reset.expires_at - RESET_WITHIN + QUIET):
            return []
        return [PasswordResetAsked(user_id=self.id, request_id=request_id, expires_at=now + RESET_WITHIN)]

    def reset_password(self, request_id: UUID, now: datetime) -> list[Event]:
        """The link was used: all sessions are over. Raises `InvalidLink`."""
        if self.reset is None or not self.active:
            raise InvalidLink
        self.reset.must_be(request_id, now)
        return [PasswordChanged(user_id=self.id, changed_at=now, request_id=request_id)]

    def change_password(self, now: datetime, spared: UUID | None) -> list[Event]:
        """The person has another password: all sessions but one are over. Raises `AccountErased`."""
        self.must_be_there()
        return [PasswordChanged(user_id=self.id, changed_at=now, spared=spared)]

    def erase(self, now: datetime) -> list[Event]:
        """Let nothing be left of the person; told twice, nothing new happens."""
        return [] if self.erased else [UserErased(user_id=self.id, erased_at=now)]

    def rehash_password(self) -> list[Event]:
        """The same password is kept in another form; as a fact, so that it never overtakes a change of the password."""
        return [PasswordRehashed(user_id=self.id)]

    def must_be_active(self) -> None:
        """Raises `AccountDisabled`. Asked only after the password fitted, else it tells strangers which accounts exist."""
        if not self.active:
            raise AccountDisabled

    def has_ended(self, session: Session) -> bool:
        """Whether all sessions of the time when this one began were ended, and it was not spared."""
        return session.opened_at <= self.sessions_since and session.id != self.spared and self.sessions_since > NEVER

    def evolve(self, event: Event) -> Self:
        """The account after one more fact."""
        after = self
        match event:
            case UserRegistered(email=email, name=name):
                after = self.but(email=email, name=name)
            case UserRenamed(name=name):
                after = self.but(name=name)
            case RoleGranted(role=role):
                after = self.but(roles=self.roles | {role})
            case RoleRevoked(role=role):
                after = self.but(roles=self.roles - {role})
            case EmailVerificationAsked(request_id=request_id, email=email, expires_at=until):
                after = self.but(verification=LinkWanted(request_id, until, email))
            case EmailVerified():
                after = self.but(verified=True, verification=None)
            case EmailChanged(email=email):
                after = self.but(email=email, verified=True, verification=None, reset=None)
            case PasswordResetAsked(request_id=request_id, expires_at=until):
                after = self.but(reset=LinkWanted(request_id, until))
            case RegistrationRepeated(at=at):
                after = self.but(repeated_at=at)
            case _:
                after = self._standing_after(event)
        return after

    def _standing_after(self, event: Event) -> Self:
        match event:
            case PasswordChanged(changed_at=at, spared=spared):
                # Who changes a password may do so because somebody else had it, and wanted to lead the account's mail elsewhere.
                asked = self.verification if self.verification and self.verification.email == self.email else None
                return self.but(sessions_since=at, spared=spared, reset=None, verification=asked)
            case SessionsEnded(ended_at=at, spared=spared):
                return self.but(sessions_since=at, spared=spared)
            case UserDisabled(disabled_at=at):
                return self.but(active=False, sessions_since=at or self.sessions_since, spared=None)
            case UserEnabled():
                return self.but(active=True)
            case UserErased(erased_at=at):
                ended = self.but(email=NOTHING, name=NOTHING, active=False, erased=True, verified=False)
                return ended.but(sessions_since=at, spared=None, verification=None, reset=None)
        return self
