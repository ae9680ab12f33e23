"""The log itself: what everybody did to everything, in its order."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromQuery, QueryParameter

from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import query
from projections.audit.event_log import Logged
from projections.shared.facts import facts


class EventView(msgspec.Struct, frozen=True):
    """One event. `data` are its fields; personal ones say only `sealed`."""

    position: int
    type: Annotated[str, msgspec.Meta(examples=["task.assigned"])]
    stream_id: UUID
    version: int
    actor_id: UUID | None
    recorded_at: datetime
    data: Annotated[dict[str, Any], msgspec.Meta(examples=[{"role": "user"}])]


@query("/api/v1/admin/events", needs="audit:read", answers=Page[EventView], tags=["audit"])
async def list_events(
    request: Req,
    actor: Annotated[UUID | None, QueryParameter(description="Only what this account did.")] = None,
    stream_id: FromQuery[UUID | None] = None,
    type: Annotated[str | None, QueryParameter(max_length=100, description="Only events of this type.")] = None,
    after: Annotated[int, QueryParameter(ge=0, le=2**62, description="Only behind this position of the log.")] = 0,
    limit: Limit = None,
    cursor: Cursor = None,
) -> Response[bytes]:
    """Events of the log, oldest first.

    One answer looks at some thousand events at most, so that a page may be short, or empty, and still have a `next_cursor`.
    """
    (start,) = read_cursor(request, cursor, tuple[int]) or (after,)
    found = await parts(request).events.look(actor=actor, stream_id=stream_id, name=type, after=start, limit=limit or DEFAULT_LIMIT)
    following = None if found.upto is None else write_cursor(request, found.upto)
    return page(request, [_view(one) for one in found.events], position=found.head, following=following)


def _view(one: Logged) -> EventView:
    return EventView(one.position, one.name, one.stream_id, one.version, one.actor_id, one.recorded_at, facts(one.event))
