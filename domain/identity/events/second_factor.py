"""What happened to second factors (TOTP, RFC 6238), and to sign-ins that waited for one. Seeds and codes stand in the vault only."""

from datetime import datetime
from uuid import UUID

from domain.shared.event import Event, recorded_as


@recorded_as("totp.enrolled")
class TotpEnrolled(Event, frozen=True, gc=False):
    """A person was shown a seed for their authenticator; until they confirm it, it is worth nothing."""

    user_id: UUID
    seed_id: UUID


@recorded_as("totp.confirmed")
class TotpConfirmed(Event, frozen=True, gc=False):
    """The person showed the code of this step, so their authenticator has the seed: from now on sign-ins ask for codes."""

    user_id: UUID
    seed_id: UUID
    step: int


@recorded_as("totp.used")
class TotpUsed(Event, frozen=True, gc=False):
    """The code of this time step (of 30 s, since 1970) was shown; neither it nor an older one is accepted again."""

    user_id: UUID
    step: int


@recorded_as("totp.disabled")
class TotpDisabled(Event, frozen=True, gc=False):
    """The person does without a second factor."""

    user_id: UUID


@recorded_as("totp.reset")
class TotpReset(Event, frozen=True, gc=False):
    """An administrator took the second factor away from somebody who lost it. Who did is the event's actor."""

    user_id: UUID


@recorded_as("recovery_codes.issued")
class RecoveryCodesIssued(Event, frozen=True, gc=False):
    """So many codes for the day the authenticator is lost were shown; those of before are void."""

    user_id: UUID
    issue_id: UUID
    count: int


@recorded_as("recovery_codes.used")
class RecoveryCodeUsed(Event, frozen=True, gc=False):
    """The recovery code of this number (from 0) was used; so many are left."""

    user_id: UUID
    number: int
    left: int


@recorded_as("challenge.issued")
class ChallengeIssued(Event, frozen=True, gc=False):
    """Somebody proved the first factor by these methods (RFC 8176) and is asked for the second."""

    challenge_id: UUID
    user_id: UUID
    methods: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime


@recorded_as("challenge.failed")
class ChallengeFailed(Event, frozen=True, gc=False):
    """A wrong code was shown, for the n-th time."""

    challenge_id: UUID
    user_id: UUID
    tries: int


@recorded_as("challenge.passed")
class ChallengePassed(Event, frozen=True, gc=False):
    """The second factor was proved, too, and this session begun."""

    challenge_id: UUID
    user_id: UUID
    session_id: UUID
