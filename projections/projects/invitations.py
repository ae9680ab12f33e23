"""Every invitation as it stands: for who runs the project or team, and for the person whose address it went to."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from domain.identity.events.sealed import NOTHING
from domain.projects import events as e
from domain.shared.event import Event, Recorded
from projections.shared.read_model import ReadModel, Row, read_model


class InvitationRow(Row, frozen=True, gc=False):
    """An invitation. `email` is sealed, and empty once it is over; `email_hash` is its HMAC (hex)."""

    id: UUID
    version: int
    kind: str
    target_id: UUID
    role: str
    email: str
    email_hash: str
    inviter_id: UUID
    sent_at: datetime
    expires_at: datetime
    status: str = "pending"
    """Or accepted, declined, revoked, expired."""
    ended_at: datetime | None = None
    invited_id: UUID | None = None


WORDS: Final[dict[type[Event], str]] = {
    e.InvitationAccepted: "accepted",
    e.InvitationDeclined: "declined",
    e.InvitationRevoked: "revoked",
    e.InvitationExpired: "expired",
}


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The invitation itself."""
    return (recorded.stream_id,)


def fold(key: UUID, row: InvitationRow | None, recorded: Recorded[Any]) -> InvitationRow | None:
    """The invitation after one more event."""
    event = recorded.event
    if isinstance(event, e.MemberInvited):
        return InvitationRow(
            id=key,
            version=recorded.version,
            kind=event.kind.value,
            target_id=event.target_id,
            role=event.role.value,
            email=event.email,
            email_hash=event.email_hash,
            inviter_id=event.inviter_id,
            sent_at=event.at,
            expires_at=event.expires_at,
            invited_id=event.invited_id,
        )
    if row is None:
        return None
    return replace(row, version=recorded.version, email=NOTHING, status=WORDS[type(event)], ended_at=event.at)


INVITATIONS: Final = read_model(
    ReadModel(
        name="invitations",
        version=1,
        store="postgres",
        row=InvitationRow,
        key=("id",),
        listens=(e.MemberInvited, *WORDS),
        keys=keys,
        fold=fold,
        indexes=("target_id, id", "email_hash, id", "invited_id"),
        key_is_stream=True,
    )
)
