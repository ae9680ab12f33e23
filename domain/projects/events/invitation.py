"""What can happen to an invitation by mail. The address is sealed with a key of the invitation's own, destroyed when it ends."""

from datetime import datetime
from uuid import UUID

from domain.identity.events import Sealed
from domain.projects.kind import Kind
from domain.projects.role import MemberRole
from domain.shared.event import Event, recorded_as


class InvitationEvent(Event, frozen=True, kw_only=True):
    """Something that happened to an invitation; its stream is the invitation's id."""

    at: datetime
    invitation_id: UUID


@recorded_as("invitation.sent")
class MemberInvited(InvitationEvent, frozen=True, kw_only=True):
    """Whoever reads mail at this address may become a member of the project or team `target_id`, until it expires.

    `email_hash`: the address as HMAC (hex), by which a person finds what they were invited to. `invited_id`: the account that had the
    address at that time, where one did.
    """

    kind: Kind
    target_id: UUID
    role: MemberRole
    email: Sealed
    email_hash: str
    inviter_id: UUID
    expires_at: datetime
    invited_id: UUID | None = None


class InvitationEnded(InvitationEvent, frozen=True, kw_only=True):
    """It cannot be used any more; the key of its address is destroyed."""

    target_id: UUID


@recorded_as("invitation.accepted")
class InvitationAccepted(InvitationEnded, frozen=True, kw_only=True):
    """This person said yes and is a member."""

    user_id: UUID


@recorded_as("invitation.declined")
class InvitationDeclined(InvitationEnded, frozen=True, kw_only=True):
    """This person said no."""

    user_id: UUID


@recorded_as("invitation.revoked")
class InvitationRevoked(InvitationEnded, frozen=True, kw_only=True):
    """Somebody who runs the project or team took it back, or the person or the target is gone."""


@recorded_as("invitation.expired")
class InvitationExpired(InvitationEnded, frozen=True, kw_only=True):
    """Nobody answered in time."""
