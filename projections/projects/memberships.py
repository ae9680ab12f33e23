"""Who is a member of what, by person: which projects and teams are somebody's."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.projects import events as e
from domain.projects.kind import Kind
from domain.projects.role import MemberRole
from domain.shared.event import Recorded
from projections.shared.read_model import ReadModel, Row, read_model

Key = tuple[UUID, UUID]


class MembershipRow(Row, frozen=True, gc=False):
    """One member of one project or team, deleted ones included."""

    circle_id: UUID
    user_id: UUID
    kind: str
    role: str
    since: datetime


def keys(recorded: Recorded[Any]) -> tuple[Key, ...]:
    """Whom the event concerns: the owner who begins, the member, or both owners."""
    match recorded.event:
        case e.ProjectReowned(owner_id=owner, previous_owner_id=previous) | e.TeamReowned(owner_id=owner, previous_owner_id=previous):
            return ((recorded.stream_id, owner), (recorded.stream_id, previous))
        case e.ProjectCreated(owner_id=user) | e.TeamCreated(owner_id=user):
            return ((recorded.stream_id, user),)
    return ((recorded.stream_id, recorded.event.user_id),)


def fold(key: Key, row: MembershipRow | None, recorded: Recorded[Any]) -> MembershipRow | None:
    """The membership after one more event."""
    event = recorded.event
    match event:
        case e.ProjectMemberRemoved() | e.TeamMemberRemoved():
            return None
        case e.ProjectCreated() | e.TeamCreated():
            role = MemberRole.OWNER
        case e.ProjectReowned(owner_id=owner) | e.TeamReowned(owner_id=owner):
            role = MemberRole.OWNER if key[1] == owner else MemberRole.MANAGER
        case _:
            role = event.role
    kind = Kind.PROJECT if isinstance(event, e.ProjectEvent) else Kind.TEAM
    return MembershipRow(*key, kind.value, role.value, event.at if row is None else row.since)


MEMBERSHIPS: Final = read_model(
    ReadModel(
        name="memberships",
        version=1,
        store="postgres",
        row=MembershipRow,
        key=("circle_id", "user_id"),
        listens=(
            e.ProjectCreated,
            e.ProjectMemberAdded,
            e.ProjectMemberRoleChanged,
            e.ProjectMemberRemoved,
            e.ProjectReowned,
            e.TeamCreated,
            e.TeamMemberAdded,
            e.TeamMemberRoleChanged,
            e.TeamMemberRemoved,
            e.TeamReowned,
        ),
        keys=keys,
        fold=fold,
        indexes=("user_id, circle_id",),
    )
)
