"""Every team as it is now, one row each."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from domain.projects import events as e
from domain.projects.limits import same_name
from domain.shared.event import Recorded
from projections.projects.members_of import members_after
from projections.shared.read_model import ReadModel, Row, read_model


class TeamRow(Row, frozen=True, gc=False):
    """A team. Deleted ones keep their row; queries leave them out."""

    id: UUID
    version: int
    owner_id: UUID
    name: str
    sought: str
    """Its name as it is searched."""
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    member_ids: list[UUID] = msgspec.field(default_factory=list)
    deleted: bool = False


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The team itself."""
    return (recorded.stream_id,)


def fold(key: UUID, row: TeamRow | None, recorded: Recorded[Any]) -> TeamRow | None:
    """The row after one more event; only `team.created` makes one."""
    event, changes = recorded.event, dict[str, Any]()
    if isinstance(event, e.TeamCreated):
        return TeamRow(
            key, recorded.version, event.owner_id, event.name, same_name(event.name), event.at, event.at, event.description, [event.owner_id]
        )
    if row is None:
        return None
    match event:
        case e.TeamEdited(name=name, description=description):
            changes = {"name": name, "sought": UNSET if name is UNSET else same_name(name), "description": description}
            changes = {field: value for field, value in changes.items() if value is not UNSET}
        case e.TeamReowned(owner_id=owner):
            changes = {"owner_id": owner}
        case e.TeamDeleted() | e.TeamRestored():
            changes = {"deleted": isinstance(event, e.TeamDeleted)}
    members = members_after(event, row.member_ids)
    return replace(row, version=recorded.version, updated_at=event.at, member_ids=members, **changes)


TEAMS: Final = read_model(
    ReadModel(
        name="teams",
        version=1,
        store="postgres",
        row=TeamRow,
        key=("id",),
        listens=(
            e.TeamCreated,
            e.TeamEdited,
            e.TeamMemberAdded,
            e.TeamMemberRoleChanged,
            e.TeamMemberRemoved,
            e.TeamReowned,
            e.TeamDeleted,
            e.TeamRestored,
        ),
        keys=keys,
        fold=fold,
        key_is_stream=True,
    )
)
