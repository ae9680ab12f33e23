"""Every project as it is now, one row each: lists by team, status, tag and name, and the single project."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from domain.projects import events as e
from domain.projects.limits import same_name
from domain.shared.event import Recorded
from domain.shared.priority import Priority
from projections.projects.members_of import members_after
from projections.shared.read_model import ReadModel, Row, read_model

_json: Final = msgspec.json.Encoder().encode


class ProjectRow(Row, frozen=True, gc=False):
    """A project. Dates are written as YYYY-MM-DD, `sought` is its name as it is searched. Deleted ones keep their row; queries leave them out."""

    id: UUID
    version: int
    owner_id: UUID
    name: str
    sought: str
    status: str
    created_at: datetime
    updated_at: datetime
    team_id: UUID | None = None
    description: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    category: str | None = None
    tags: list[str] = msgspec.field(default_factory=list)
    priority: str = Priority.MEDIUM.value
    settings: msgspec.Raw = msgspec.Raw(b"{}")
    custom_data: msgspec.Raw = msgspec.Raw(b"{}")
    member_ids: list[UUID] = msgspec.field(default_factory=list)
    deleted: bool = False


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The project itself."""
    return (recorded.stream_id,)


def fold(key: UUID, row: ProjectRow | None, recorded: Recorded[Any]) -> ProjectRow | None:
    """The row after one more event; only `project.created` makes one."""
    event, changes = recorded.event, dict[str, Any]()
    if isinstance(event, e.ProjectCreated):
        row = ProjectRow(key, 0, event.owner_id, "", "", event.status.value, event.at, event.at, event.team_id, member_ids=[event.owner_id])
        changes = _given(event.fields)
    if row is None:
        return None
    match event:
        case e.ProjectEdited(after=after):
            changes = _given(after)
        case e.ProjectStatusChanged(to_status=status):
            changes = {"status": status.value}
        case e.ProjectReowned(owner_id=owner):
            changes = {"owner_id": owner}
        case e.ProjectDeleted() | e.ProjectRestored():
            changes = {"deleted": isinstance(event, e.ProjectDeleted)}
    members = members_after(event, row.member_ids)
    return replace(row, version=recorded.version, updated_at=event.at, member_ids=members, **changes)


def _given(fields: e.ProjectFields) -> dict[str, Any]:
    given = {name: value for name, value in msgspec.structs.asdict(fields).items() if value is not UNSET}
    for name in given.keys() & {"start_date", "end_date"}:
        given[name] = None if given[name] is None else given[name].isoformat()
    for name in given.keys() & {"settings", "custom_data"}:
        given[name] = msgspec.Raw(_json(given[name]))
    if "priority" in given:
        given["priority"] = given["priority"].value
    if "tags" in given:
        given["tags"] = list(given["tags"])
    if "name" in given:
        given["sought"] = same_name(given["name"])
    return given


PROJECTS: Final = read_model(
    ReadModel(
        name="projects",
        version=1,
        store="postgres",
        row=ProjectRow,
        key=("id",),
        listens=(
            e.ProjectCreated,
            e.ProjectEdited,
            e.ProjectStatusChanged,
            e.ProjectMemberAdded,
            e.ProjectMemberRoleChanged,
            e.ProjectMemberRemoved,
            e.ProjectReowned,
            e.ProjectDeleted,
            e.ProjectRestored,
        ),
        keys=keys,
        fold=fold,
        indexes=("team_id, id",),
        key_is_stream=True,
    )
)
