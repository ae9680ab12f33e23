"""What happened to a project, field by field, and what changed between two of its states."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.projects.views import must_see_circle, project_view, viewer_with
from api.shared.parts import parts
from api.shared.past import FIRST, Begin, Difference, End, FieldChange, Number, difference, steps_of
from api.shared.principals import Principal, principals
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import query
from domain.projects.kind import Kind
from domain.shared.event import BY_CLASS
from domain.shared.refused import NotFound
from projections.projects.projects import PROJECTS
from projections.shared.reading import Freshness

ONE: Final = "/api/v1/projects/{project_id:uuid}"


class ProjectHistoryEntry(msgspec.Struct, frozen=True):
    """One change of a project: every field that it changed. `performed_by` is the actor's id, or `system`."""

    id: UUID
    project_id: UUID
    version: int
    position: int
    action_type: str
    changes: list[FieldChange]
    reason: str | None
    actor: Principal
    performed_by: str
    created_at: datetime


@query(f"{ONE}/history", needs="projects:read", answers=Page[ProjectHistoryEntry], tags=["projects"])
async def project_history(request: Req, project_id: FromPath[UUID], limit: Limit = None, cursor: Cursor = None) -> Response[bytes]:
    """What happened to a project itself, newest first; its activity also tells of the tasks in it."""
    _, role = await must_see_circle(request, Kind.PROJECT, project_id)
    steps = await parts(request).past.steps(PROJECTS, project_id)
    (before,) = read_cursor(request, cursor, tuple[int]) or (len(steps) + 1,)
    end = sum(step.recorded.version < before for step in steps)
    begin = max(end - (limit or DEFAULT_LIMIT), 0)
    # Only what is shown is compared, with the state before it: projects may have a long past.
    changes = steps_of(None if step.row is None else project_view(step.row) for step in steps[max(begin - 1, 0) : end])[min(begin, 1) :]
    shown = [(step.recorded, what) for step, what in zip(steps[begin:end], changes, strict=True)][::-1]
    following = write_cursor(request, shown[-1][0].version) if shown and shown[-1][0].version > 1 else None
    actors = await principals(request, [recorded.actor_id for recorded, _ in shown], viewer_with(request, role))
    entries = [
        ProjectHistoryEntry(
            id=uuid5(project_id, str(recorded.version)),
            project_id=project_id,
            version=recorded.version,
            position=recorded.position,
            action_type=BY_CLASS[type(recorded.event)].name.partition(".")[2],
            changes=what,
            reason=getattr(recorded.event, "reason", None),
            actor=actors[recorded.actor_id],
            performed_by="system" if recorded.actor_id is None else str(recorded.actor_id),
            created_at=recorded.recorded_at,
        )
        for recorded, what in shown
    ]
    return page(request, entries, position=steps[-1].recorded.position if steps else 0, following=following)


@query(f"{ONE}/diff", needs="projects:read", answers=Difference, tags=["projects"])
async def project_difference(
    request: Req, project_id: FromPath[UUID], fresh: NamedDependency[Freshness], begin: Begin = FIRST, end: End = None
) -> Response[bytes]:
    """What changed between two states of a project, field by field."""
    return await _difference(request, project_id, fresh, begin, end)


@query(f"{ONE}/versions/{{from_version:int}}/diff/{{to_version:int}}", needs="projects:read", answers=Difference, tags=["projects"])
async def project_versions_difference(
    request: Req, project_id: FromPath[UUID], from_version: Number, to_version: Number, fresh: NamedDependency[Freshness]
) -> Response[bytes]:
    """What changed between two versions of a project, field by field."""
    return await _difference(request, project_id, fresh, str(from_version), str(to_version))


async def _difference(request: Req, project_id: UUID, fresh: Freshness, begin: str, end: str | None) -> Response[bytes]:
    await must_see_circle(request, Kind.PROJECT, project_id)
    live = (await parts(request).tables.one(PROJECTS, project_id, fresh)).row
    if live is None or live.deleted:
        raise NotFound
    told, position = await difference(request, PROJECTS, project_id, live.version, project_view, begin, end)
    return one(request, told, version=told.to_version, position=position)
