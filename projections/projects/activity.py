"""What happened in each project, newest first: the log told again, without what is noise and what is too long (requirement S4-C16)."""

from datetime import datetime
from types import ModuleType
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec

from domain.files import events as files
from domain.projects import events as projects
from domain.shared.event import BY_CLASS, Event, Recorded
from domain.tasks import events as tasks
from projections.shared.facts import facts, sealed_fields
from projections.shared.read_model import ReadModel, Row, read_model

Key = tuple[UUID, int]
NOISE: Final = (tasks.LeaseExtended, tasks.TaskProgressed, projects.TeamProjectListed, projects.TeamProjectUnlisted)
"""Signs of life, and what another event of the same command says."""
UNTOLD: Final = frozenset(
    {"at", "project_id", "task_id", "team_id", "title", "text", "description", "payload", "progress", "note", "fields", "sha256"}
)
"""Fields that are said elsewhere in the row, or too long for it; what was taken back (`text`) must not stay here."""
LONGEST: Final = 200
"""Characters of a fact."""


class ActivityRow(Row, frozen=True, gc=False):
    """One thing that happened. `subject_id` is what it happened to, a task where there is one; `actor_id` is null for Daybook itself."""

    project_id: UUID
    position: int
    at: datetime
    actor_id: UUID | None
    type: str
    subject_id: UUID
    subject: str
    """`task` or `project`."""
    title: str | None
    facts: msgspec.Raw


def _of_projects(*contexts: ModuleType) -> tuple[type[Event], ...]:
    """All events of these contexts that say in which project they happened."""
    found = [thing for context in contexts for thing in vars(context).values() if isinstance(thing, type) and issubclass(thing, Event)]
    told = (kind for kind in found if kind in BY_CLASS and kind not in NOISE and "project_id" in kind.__struct_fields__)
    return tuple(dict.fromkeys(told))


def keys(recorded: Recorded[Any]) -> tuple[Key, ...]:
    """Its place in the project; a move shows where it left and where it came. What is in no project shows nowhere."""
    event = recorded.event
    where = {event.project_id, getattr(event, "from_project_id", None)} - {None}
    return tuple((project_id, recorded.position) for project_id in sorted(where))


def fold(key: Key, row: ActivityRow | None, recorded: Recorded[Any]) -> ActivityRow | None:  # noqa: ARG001 — the signature of folds; a row is made once.
    """The row of this event; nothing else ever touches it."""
    event = recorded.event
    of_project = isinstance(event, projects.ProjectEvent)
    return ActivityRow(
        project_id=key[0],
        position=key[1],
        at=recorded.recorded_at,
        actor_id=recorded.actor_id,
        type=BY_CLASS[type(event)].name,
        subject_id=event.project_id if of_project else getattr(event, "task_id", None) or recorded.stream_id,
        subject="project" if of_project else "task",
        title=_title(event),
        facts=msgspec.Raw(msgspec.json.encode(_told(event))),
    )


def _title(event: Event) -> str | None:
    said = [event, getattr(event, "after", None), getattr(event, "fields", None)]
    names = ("name", "title") if isinstance(event, projects.ProjectEvent) else ("title",)
    return next((value for one in said for name in names if isinstance(value := getattr(one, name, None), str)), None)


def _told(event: Event) -> dict[str, Any]:
    told: dict[str, Any] = {}
    hidden = UNTOLD | sealed_fields(type(event))
    for name, value in facts(event).items():
        if name == "after" and isinstance(value, dict):
            told["changed"] = sorted(value)
        elif name not in hidden and not isinstance(value, dict | list):
            told[name] = f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value
    return told


ACTIVITY: Final = read_model(
    ReadModel(
        name="activity",
        version=1,
        store="postgres",
        row=ActivityRow,
        key=("project_id", "position"),
        listens=_of_projects(projects, tasks, files),
        keys=keys,
        fold=fold,
        appends=True,
    )
)

OF_PROJECT: Final[LiteralString] = "where project_id = %b and position < %b order by position desc limit %b"
OF_PROJECTS: Final[LiteralString] = """where (project_id, position) in (
    select newest.project_id, newest.position from unnest(%b::uuid[]) as of(id) cross join lateral (
        select a.project_id, a.position from activity_v1 a
        where a.project_id = of.id and a.position <= %b and (a.position, a.project_id) < (%b, %b)
        order by a.position desc limit %b) newest
        order by newest.position desc, newest.project_id desc limit %b)
    order by position desc, project_id desc"""
"""The newest few of each project by the index, then the newest of these: never more than projects × limit rows."""
