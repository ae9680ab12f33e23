"""What happened lately in a project, and in all projects of a team."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.projects.views import must_see_circle, viewer_with
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import query
from domain.projects.kind import Kind
from domain.projects.role import MemberRole
from projections.identity.people import names_of
from projections.projects.activity import ACTIVITY, OF_PROJECT, OF_PROJECTS
from projections.projects.projects import PROJECTS
from projections.shared.reading import LAST_ID, LAST_POSITION, Freshness, SeenMany

Place = tuple[int, UUID]
"""Where a page ended: a move within a team stands twice at one position."""
LATEST = (LAST_POSITION, LAST_ID)


class ActivityEntry(msgspec.Struct, frozen=True):
    """One thing that happened. `actor_id` is null for Daybook itself; `title` is null where the event does not say one."""

    project_id: UUID
    position: int
    at: datetime
    type: str
    actor_id: UUID | None
    actor_name: str | None
    subject: str
    subject_id: UUID
    title: str | None
    facts: Any


@query("/api/v1/projects/{project_id:uuid}/activity", needs="projects:read", answers=Page[ActivityEntry], tags=["projects"])
async def project_activity(
    request: Req, project_id: FromPath[UUID], fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """What happened in a project, newest first: to itself, its members, its tasks, their comments and files."""
    _, role = await must_see_circle(request, Kind.PROJECT, project_id)
    before, _ = read_cursor(request, cursor, Place) or LATEST
    most = limit or DEFAULT_LIMIT
    seen = await parts(request).tables.many(ACTIVITY, OF_PROJECT, (project_id, before, most + 1), fresh)
    return await _page(request, role, seen, most)


@query("/api/v1/teams/{team_id:uuid}/activity", needs="teams:read", answers=Page[ActivityEntry], tags=["teams"])
async def team_activity(
    request: Req, team_id: FromPath[UUID], fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """What happened in all projects of a team, newest first."""
    tables, most = parts(request).tables, limit or DEFAULT_LIMIT
    _, role = await must_see_circle(request, Kind.TEAM, team_id)
    before, beside = read_cursor(request, cursor, Place) or LATEST
    projects = (await tables.many(PROJECTS, "where team_id = %b and not deleted", (team_id,), fresh)).rows
    sought = ([row.id for row in projects], before, before, beside, most + 1, most + 1)
    seen = await tables.many(ACTIVITY, OF_PROJECTS, sought, fresh)
    return await _page(request, role, seen, most)


async def _page(request: Req, role: MemberRole | None, seen: SeenMany[Any], most: int) -> Response[bytes]:
    known, rows = parts(request), seen.rows[:most]
    names = await names_of(known.tables, known.names, viewer_with(request, role), _actors(rows))
    told = [msgspec.structs.asdict(row) | {"actor_name": names.get(row.actor_id)} for row in rows]
    following = write_cursor(request, rows[-1].position, rows[-1].project_id) if len(seen.rows) > most else None
    items = [ActivityEntry(**entry) for entry in told]
    return page(request, items, position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


def _actors(rows: Sequence[Any]) -> list[UUID]:
    return list({row.actor_id for row in rows if row.actor_id is not None})
