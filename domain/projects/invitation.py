"""An invitation by mail to a project or a team: sent, answered once, or over after a week."""

from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from domain.projects import events as e
from domain.projects.errors import AlreadyInvited, InvitationNotOver, InvitationOver
from domain.projects.events import MemberInvited
from domain.projects.kind import Kind
from domain.projects.role import MemberRole
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event
from domain.shared.fields import invalid

LIFETIME: Final = timedelta(days=7)


class Invitation(Aggregate, frozen=True, kw_only=True):
    """One invitation. `sent` is what was said last while it can be answered, None once it is over."""

    sent: MemberInvited | None = None
    kind: Kind = Kind.PROJECT
    role: MemberRole = MemberRole.MEMBER
    expires_at: datetime | None = None
    target_id: UUID | None = None
    accepted_by: UUID | None = None
    declined_by: UUID | None = None

    @property
    def exists(self) -> bool:
        """Whether this is the stream of an invitation, of one that is over, too."""
        return self.target_id is not None

    @property
    def accepted(self) -> bool:
        """Whether somebody became a member by it."""
        return self.accepted_by is not None

    def is_open(self, now: datetime) -> bool:
        """Whether it can be answered."""
        return self.sent is not None and now < self.sent.expires_at

    def send(self, wish: MemberInvited, now: datetime) -> list[Event]:
        """Invite, or once more where nobody answered in time; told twice, nothing new happens. Raises `AlreadyInvited` for another role."""
        if wish.role is MemberRole.OWNER:
            raise invalid("/role", "not_allowed", "There is one owner; ownership is transferred.")
        if self.sent is not None and self.is_open(now):
            if self.sent.role is not wish.role:
                raise AlreadyInvited(role=self.sent.role, invitation_id=self.id)
            return []
        return [wish]

    def accept(self, user_id: UUID, now: datetime) -> list[e.InvitationEnded]:
        """Yes; raises `InvitationOver`."""
        return [e.InvitationAccepted(at=now, invitation_id=self.id, target_id=self._open(now).target_id, user_id=user_id)]

    def decline(self, user_id: UUID, now: datetime) -> list[e.InvitationEnded]:
        """No; told twice, nothing new happens. Raises `InvitationOver`."""
        if self.declined_by == user_id:
            return []
        return [e.InvitationDeclined(at=now, invitation_id=self.id, target_id=self._open(now).target_id, user_id=user_id)]

    def revoke(self, now: datetime) -> list[e.InvitationEnded]:
        """Take it back; one that is over stays as it is."""
        return [] if self.sent is None else [e.InvitationRevoked(at=now, invitation_id=self.id, target_id=self.sent.target_id)]

    def expire(self, now: datetime) -> list[e.InvitationEnded]:
        """Nobody answered in time; raises `InvitationNotOver` when it was sent once more meanwhile."""
        if self.sent is None:
            return []
        if now < self.sent.expires_at:
            raise InvitationNotOver
        return [e.InvitationExpired(at=now, invitation_id=self.id, target_id=self.sent.target_id)]

    def evolve(self, event: Event) -> Self:
        """The state after one more event."""
        match event:
            case e.MemberInvited():
                return self.but(sent=event, kind=event.kind, target_id=event.target_id, role=event.role, expires_at=event.expires_at)
            case e.InvitationAccepted(user_id=user_id):
                return self.but(sent=None, accepted_by=user_id)
            case e.InvitationDeclined(user_id=user_id):
                return self.but(sent=None, declined_by=user_id)
            case e.InvitationEnded():
                return self.but(sent=None)
        return self

    def _open(self, now: datetime) -> MemberInvited:
        if self.sent is None or now >= self.sent.expires_at:
            raise InvitationOver
        return self.sent
