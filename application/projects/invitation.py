"""Inviting people by mail, and what they answer. The address is kept only sealed, with a key that is destroyed when the invitation ends."""

from typing import Any, Final
from uuid import UUID

from application.projects.access import SHAPES, must_reach, role_in
from application.shared.command import Command, handles
from application.shared.deadline import Deadline, deadline
from application.shared.link_token import LinkToken
from application.shared.permissions import must
from application.shared.ports import Lost, Ports
from domain.identity.events import Sealed
from domain.identity.person import valid_email
from domain.projects import events as e
from domain.projects.account import Account
from domain.projects.circle import Circle
from domain.projects.errors import AlreadyMember, InvitationOver
from domain.projects.invitation import LIFETIME, Invitation
from domain.projects.kind import Kind
from domain.projects.role import MemberRole
from domain.shared.event import Event, Recorded
from domain.shared.refused import Forbidden, Hidden, NotFound, Unauthenticated

PURPOSE: Final = "accept-invitation"
CLAIM: Final = "invitation"
KEY: Final = "person_key"
"""In the vault an invitation's key stands like the key of a person, whose id is the invitation's."""


class Invite(Command, frozen=True):
    """Send somebody a mail with which they can become a member."""

    kind: Kind
    circle_id: UUID
    email: str
    role: MemberRole = MemberRole.MEMBER


class RevokeInvitation(Command, frozen=True):
    """Take an invitation back."""

    kind: Kind
    circle_id: UUID
    invitation_id: UUID


class AcceptInvitation(Command, frozen=True):
    """Become a member. `token` is the word in the mail, or the invitation's id for who has proved their address."""

    token: str


class DeclineInvitation(Command, frozen=True):
    """Say no."""

    token: str


class ExpireInvitation(Command, frozen=True):
    """Nobody may have answered an invitation in time."""

    invitation_id: UUID


@handles(Invite)
async def invite(command: Invite, ports: Ports) -> Invitation:
    """Told twice with the same role, nothing new happens and no second mail is sent.

    Raises `NotFound`, `Forbidden`, `InvalidEmail`, `Invalid`, `ProjectArchived`, `AlreadyMember`, `AlreadyInvited`, `TooManyMembers`.
    """
    circle = await ports.log.load(SHAPES[command.kind], command.circle_id)
    must_reach(circle, await role_in(circle, ports), ports.caller, MemberRole.MANAGER)
    email = valid_email(command.email)
    circle.must_be_open()
    account_id = await ports.log.holder("email", email)
    if account_id in circle.members:
        raise AlreadyMember
    circle.must_have_room()
    invitation, key = await _begun(ports, circle.id, email)
    sent = e.MemberInvited(
        at=ports.now,
        invitation_id=invitation.id,
        kind=command.kind,
        target_id=circle.id,
        role=command.role,
        email=Sealed(ports.sealing.seal_personal(key, invitation.id, email).decode("ascii")),
        email_hash=ports.sealing.hmac("email", email).hex(),
        inviter_id=_somebody(ports),
        expires_at=ports.now + LIFETIME,
        invited_id=account_id,
    )
    return ports.log.stage(invitation, *invitation.send(sent, ports.now))


@handles(RevokeInvitation)
async def revoke_invitation(command: RevokeInvitation, ports: Ports) -> None:
    """Of one that is over, nothing more comes. Raises `NotFound`, `Forbidden`."""
    circle = await ports.log.load(SHAPES[command.kind], command.circle_id)
    must_reach(circle, await role_in(circle, ports), ports.caller, MemberRole.MANAGER)
    invitation = await ports.log.load(Invitation, command.invitation_id)
    if invitation.target_id != circle.id:
        raise NotFound
    await end(ports, invitation, invitation.revoke(ports.now))


@handles(AcceptInvitation)
async def accept_invitation(command: AcceptInvitation, ports: Ports) -> Invitation:
    """Told twice, nothing new happens. Raises `NotFound` for what is not the caller's, `Forbidden` for nodes, `InvitationOver`, `ProjectArchived`,
    `TooManyMembers`.
    """
    must(ports.caller, "self:write")
    user_id = _somebody(ports)
    invitation = await _mine(ports, command.token)
    if invitation.accepted_by == user_id:
        return invitation
    if (await ports.log.load(Account, user_id)).is_only_node:
        raise Forbidden("Nodes are members of nothing.")
    facts = invitation.accept(user_id, ports.now)
    circle = await ports.log.load(SHAPES[invitation.kind], facts[0].target_id)
    if not circle.exists:
        raise InvitationOver
    ports.log.stage(circle, *_joining(circle, invitation, user_id, ports))
    return await end(ports, invitation, facts)


@handles(DeclineInvitation)
async def decline_invitation(command: DeclineInvitation, ports: Ports) -> Invitation:
    """Raises `NotFound` for what is not the caller's, `InvitationOver`."""
    must(ports.caller, "self:write")
    invitation = await _mine(ports, command.token)
    return await end(ports, invitation, invitation.decline(_somebody(ports), ports.now))


@handles(ExpireInvitation)
async def expire_invitation(command: ExpireInvitation, ports: Ports) -> None:
    """Raises `InvitationNotOver` when it was sent once more meanwhile."""
    must(ports.caller, "invitations:expire")  # Nobody's: only Daybook itself does it.
    invitation = await ports.log.load(Invitation, command.invitation_id)
    await end(ports, invitation, invitation.expire(ports.now))


@deadline("projects.invitation", e.MemberInvited, e.InvitationAccepted, e.InvitationDeclined, e.InvitationRevoked, e.InvitationExpired)
def expiry(invitation_id: UUID, _: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """An invitation that nobody answers ends by itself."""
    match recorded.event:
        case e.MemberInvited(expires_at=at):
            return Deadline(at, ExpireInvitation(invitation_id=invitation_id))
    return None


async def end(ports: Ports, invitation: Invitation, facts: list[e.InvitationEnded]) -> Invitation:
    """Write how an invitation ended, and destroy what its address could be read with."""
    if facts and invitation.sent is not None:
        email = await _address(ports, invitation)
        if email is not None:
            ports.log.release(CLAIM, _named(invitation.sent.target_id, email))
        ports.log.keep(KEY, invitation.id, None)
    return ports.log.stage(invitation, *facts)


async def _begun(ports: Ports, target_id: UUID, email: str) -> tuple[Invitation, bytes]:
    """The invitation of this address that is not over, or a new one; and its key."""
    known = await ports.log.holder(CLAIM, _named(target_id, email))
    if known is not None:
        key = await ports.log.secret(KEY, known)
        if key is None:
            raise Lost  # It ended just now: look again.
        return await ports.log.load(Invitation, known), key
    invitation, key = Invitation(id=ports.new_id()), ports.sealing.new_key()
    ports.log.claim(CLAIM, _named(target_id, email), invitation.id, Lost)
    ports.log.keep(KEY, invitation.id, key)
    return invitation, key


async def _mine(ports: Ports, text: str) -> Invitation:
    """The invitation behind a token or an id, sent to the caller's address. Raises `NotFound`, `InvitationOver` for one that was theirs."""
    user_id, token = _somebody(ports), LinkToken.parse(PURPOSE, text, ports.sealing)
    invitation = await ports.log.load(Invitation, token.user_id if token is not None else _id(text))
    if not invitation.exists:
        raise NotFound
    if user_id in {invitation.accepted_by, invitation.declined_by}:
        return invitation
    email = await _address(ports, invitation)
    if email is None and token is not None:
        raise InvitationOver
    if email is None or await ports.log.holder("email", email) != user_id:
        raise Hidden
    if token is None and not (await ports.log.load(Account, user_id)).verified:
        raise Hidden  # The id stands in lists; only the mail proves that it came to this person.
    return invitation


def _joining(circle: Circle, invitation: Invitation, user_id: UUID, ports: Ports) -> list[Event]:
    if user_id in circle.members or invitation.sent is None:
        return []
    return circle.add_member(user_id, invitation.sent.role, ports.now)


async def _address(ports: Ports, invitation: Invitation) -> str | None:
    key = None if invitation.sent is None else await ports.log.secret(KEY, invitation.id)
    if key is None or invitation.sent is None:
        return None
    return ports.sealing.open_personal(key, invitation.id, invitation.sent.email.encode("ascii"))


def _somebody(ports: Ports) -> UUID:
    if ports.caller.id is None:
        raise Unauthenticated
    return ports.caller.id


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def _named(target_id: UUID, email: str) -> str:
    return f"{target_id}:{email}"
