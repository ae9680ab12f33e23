"""A project: what it is called, where it stands, who belongs to it."""

from datetime import date, datetime
from typing import Any, ClassVar, Final, Self
from uuid import UUID

import msgspec
from msgspec import UNSET

from domain.projects import events as e
from domain.projects import limits
from domain.projects.circle import Circle, Words
from domain.projects.events import ProjectFields
from domain.projects.kind import Kind
from domain.projects.status import PROJECT_STEPS, ProjectStatus
from domain.shared import fields as rules
from domain.shared.conflicts import InvalidTransition
from domain.shared.event import Event
from domain.shared.merge_patch import merged
from domain.shared.priority import Priority

FIRST: Final = (ProjectStatus.PLANNING, ProjectStatus.ACTIVE)


class Project(Circle, frozen=True, kw_only=True):
    """One project; without a team it is its owner's own."""

    words: ClassVar[Words] = Words(
        Kind.PROJECT,
        e.ProjectMemberAdded,
        e.ProjectMemberRoleChanged,
        e.ProjectMemberRemoved,
        e.ProjectReowned,
        e.ProjectDeleted,
        e.ProjectRestored,
    )

    name: str = ""
    description: str | None = None
    status: ProjectStatus = ProjectStatus.PLANNING
    start_date: date | None = None
    end_date: date | None = None
    category: str | None = None
    tags: tuple[str, ...] = ()
    priority: Priority = Priority.MEDIUM
    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    custom_data: dict[str, Any] = msgspec.field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def named_within(self) -> UUID | None:
        """Where its name is the only one of its kind: its team, or its owner."""
        return self.team_id or self.owner_id

    def create(self, owner_id: UUID, team_id: UUID | None, fields: ProjectFields, status: ProjectStatus, now: datetime) -> list[Event]:
        """The first fact of a project; raises `Invalid`."""
        rules.refuse(limits.content(fields) + limits.span(fields.start_date, fields.end_date))
        if status not in FIRST:
            raise rules.invalid("/status", "not_allowed", "A project begins as planning or active.")
        return [e.ProjectCreated(at=now, project_id=self.id, owner_id=owner_id, fields=_tidy(fields), team_id=team_id, status=status)]

    def edit(self, changes: ProjectFields, now: datetime) -> list[Event]:
        """Change some fields, those that are JSON by merging; raises `Invalid`, `ProjectArchived`."""
        changes = self._merged(changes)
        rules.refuse(limits.content(changes))
        wanted = {name: value for name, value in msgspec.structs.asdict(_tidy(changes)).items() if value is not UNSET}
        rules.refuse(limits.span(wanted.get("start_date", self.start_date), wanted.get("end_date", self.end_date)))
        self.must_be_open()
        new = {name: value for name, value in wanted.items() if not rules.same(value, getattr(self, name))}
        if not new:
            return []
        before = ProjectFields(**{name: getattr(self, name) for name in new})
        return [e.ProjectEdited(at=now, project_id=self.id, before=before, after=ProjectFields(**new))]

    def stand(self, status: ProjectStatus, reason: str | None, now: datetime) -> list[Event]:
        """Go where the table allows to go from here; raises `InvalidTransition`, `Invalid`. Told twice, nothing new happens."""
        rules.refuse(rules.text("/reason", reason, limits.REASON))
        if status is self.status:
            return []
        allowed = PROJECT_STEPS[self.status]
        if status not in allowed:
            words = " or ".join(allowed) or "nowhere"
            told = f"From {self.status} it goes to {words}, not to {status}."
            raise InvalidTransition(told, **{"from": self.status, "to": status, "allowed": list(allowed)})
        return [e.ProjectStatusChanged(at=now, project_id=self.id, from_status=self.status, to_status=status, reason=reason)]

    def _merged(self, changes: ProjectFields) -> ProjectFields:
        told = {"settings": (self.settings, changes.settings), "custom_data": (self.custom_data, changes.custom_data)}
        after = {name: merged(present, patch) for name, (present, patch) in told.items() if patch is not UNSET}
        return msgspec.structs.replace(changes, **after)

    def evolve(self, event: Event) -> Self:
        """The state after one more event."""
        state = super().evolve(event)
        match event:
            case e.ProjectCreated(fields=fields, status=status, at=at):
                state = state.but(**_given(fields), status=status, created_at=at)
            case e.ProjectEdited(after=after):
                state = state.but(**_given(after))
            case e.ProjectStatusChanged(to_status=status):
                state = state.but(status=status)
        return state.but(updated_at=event.at) if isinstance(event, e.ProjectEvent) else state


def _tidy(fields: ProjectFields) -> ProjectFields:
    changes: dict[str, Any] = {}
    if fields.name is not UNSET:
        changes["name"] = fields.name.strip()
    if fields.tags is not UNSET:
        changes["tags"] = rules.each_once(fields.tags)
    return msgspec.structs.replace(fields, **changes)


def _given(fields: ProjectFields) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(fields).items() if value is not UNSET}
