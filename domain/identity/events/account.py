"""What happened to accounts."""

from datetime import datetime
from uuid import UUID

from domain.identity.events.sealed import Sealed
from domain.identity.role import Role
from domain.shared.event import Event, recorded_as


@recorded_as("user.registered")
class UserRegistered(Event, frozen=True, gc=False):
    """An account began. Who opened it is the event's actor: the person, or an administrator."""

    user_id: UUID
    email: Sealed
    name: Sealed


@recorded_as("user.registration_repeated")
class RegistrationRepeated(Event, frozen=True, gc=False):
    """Somebody wanted to register with this account's e-mail and was told nothing; its owner is told by mail."""

    user_id: UUID
    at: datetime


@recorded_as("user.role_granted")
class RoleGranted(Event, frozen=True, gc=False):
    """An account was given a role."""

    user_id: UUID
    role: Role


@recorded_as("user.role_revoked")
class RoleRevoked(Event, frozen=True, gc=False):
    """A role was taken from an account."""

    user_id: UUID
    role: Role


@recorded_as("user.disabled")
class UserDisabled(Event, frozen=True, gc=False):
    """An account may not be used any more; its sessions of before `disabled_at` are over."""

    user_id: UUID
    disabled_at: datetime | None = None
    reason: str = ""


@recorded_as("user.enabled")
class UserEnabled(Event, frozen=True, gc=False):
    """An account may be used again."""

    user_id: UUID


@recorded_as("user.renamed")
class UserRenamed(Event, frozen=True, gc=False):
    """A person is called otherwise."""

    user_id: UUID
    name: Sealed


@recorded_as("user.email_verification_asked")
class EmailVerificationAsked(Event, frozen=True, gc=False):
    """A link was wanted that proves that `email` reaches the person: the present one, or the one they want to change to."""

    user_id: UUID
    request_id: UUID
    email: Sealed
    expires_at: datetime


@recorded_as("user.email_verified")
class EmailVerified(Event, frozen=True, gc=False):
    """The link sent to the account's e-mail was used."""

    user_id: UUID
    request_id: UUID


@recorded_as("user.email_changed")
class EmailChanged(Event, frozen=True, gc=False):
    """The account has another e-mail, which was proved to reach the person. `former` is told so."""

    user_id: UUID
    email: Sealed
    former: Sealed


@recorded_as("user.password_reset_asked")
class PasswordResetAsked(Event, frozen=True, gc=False):
    """A link was wanted with which a forgotten password can be replaced once."""

    user_id: UUID
    request_id: UUID
    expires_at: datetime


@recorded_as("user.password_changed")
class PasswordChanged(Event, frozen=True, gc=False):
    """The password is another one; every session opened before but `spared` is over. `request_id` is that of the link used, if one was."""

    user_id: UUID
    changed_at: datetime
    spared: UUID | None = None
    request_id: UUID | None = None


@recorded_as("user.password_rehashed")
class PasswordRehashed(Event, frozen=True, gc=False):
    """At a sign-in the password, which stayed the same, was hashed anew at the cost of today."""

    user_id: UUID


@recorded_as("user.sessions_ended")
class SessionsEnded(Event, frozen=True, gc=False):
    """Every session opened until `ended_at` but `spared` is over."""

    user_id: UUID
    ended_at: datetime
    reason: str
    spared: UUID | None = None


@recorded_as("user.identity_linked")
class IdentityLinked(Event, frozen=True, gc=False):
    """The account can be entered through an outside provider (OpenID Connect: issuer and subject)."""

    user_id: UUID
    provider: str
    issuer: str
    subject: Sealed


@recorded_as("user.identity_unlinked")
class IdentityUnlinked(Event, frozen=True, gc=False):
    """The account can no longer be entered through this provider."""

    user_id: UUID
    provider: str
    issuer: str


@recorded_as("user.personal_data_unmasked")
class PersonalDataUnmasked(Event, frozen=True, gc=False):
    """An auditor was shown this person's name and e-mail, for a reason they gave."""

    user_id: UUID
    reason: str


@recorded_as("user.personal_data_exported")
class PersonalDataExported(Event, frozen=True, gc=False):
    """The person was given all that is kept about them."""

    user_id: UUID


@recorded_as("user.erased")
class UserErased(Event, frozen=True, gc=False):
    """The account ended and the person's key was destroyed with this event: what is sealed with it can never be read again."""

    user_id: UUID
    erased_at: datetime


@recorded_as("user.forgotten")
class UserForgotten(Event, frozen=True, gc=False):
    """What was kept of an erased person outside the log (stored answers, snapshots) is gone, too."""

    user_id: UUID


@recorded_as("admins.appointed")
class AdminAppointed(Event, frozen=True, gc=False):
    """One more account can administer this system."""

    user_id: UUID


@recorded_as("admins.dismissed")
class AdminDismissed(Event, frozen=True, gc=False):
    """One account less can administer this system; never the last one."""

    user_id: UUID
