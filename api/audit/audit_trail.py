"""What auditors read: who did what, and what was refused."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from api.shared.moments import moment, moment_of
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import query
from projections.audit.audit_trail import Entry, trail
from projections.shared.reading import Freshness


class AuditEntry(msgspec.Struct, frozen=True):
    """One fact. `action` is the type of its event, `subject` whom or what it concerns, `details` the rest of it without personal data."""

    position: int
    at: datetime
    actor: UUID | None
    action: Annotated[str, msgspec.Meta(examples=["audit.permission_refused"])]
    subject: UUID | None
    outcome: Literal["success", "failure"]
    details: Annotated[dict[str, Any], msgspec.Meta(examples=[{"permission": "users:read"}])]


@query("/api/v1/admin/audit", needs="audit:read", answers=Page[AuditEntry], tags=["audit"])
async def list_audit_trail(
    request: Req,
    fresh: NamedDependency[Freshness],
    actor: FromQuery[UUID | None] = None,
    action: Annotated[str | None, QueryParameter(max_length=100, description="The type of event, such as `user.session_opened`.")] = None,
    subject: Annotated[UUID | None, QueryParameter(description="Whom or what it concerns.")] = None,
    outcome: FromQuery[Literal["success", "failure"] | None] = None,
    since: Annotated[str | None, moment("Not before (RFC 3339).", name="from")] = None,
    until: Annotated[str | None, moment("Before (RFC 3339).", name="to")] = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> Response[bytes]:
    """Sign-ins, failed sign-ins, refusals and all that happened to accounts, newest first.

    Of one caller's refusals of one kind, the first ten of a minute stand here one by one; the rest is an `audit.summed_up`.
    """
    size = limit or DEFAULT_LIMIT
    (before,) = read_cursor(request, cursor, tuple[int]) or (None,)
    sought: Any = {"actor = %b": actor, "action = %b": action, "subject = %b": subject, "outcome = %b": outcome}
    sought |= {"at >= %b": moment_of("from", since), "at < %b": moment_of("to", until)}
    seen = await trail(parts(request).tables, sought, before, size + 1, fresh)
    shown = seen.rows[:size]
    following = write_cursor(request, shown[-1].position) if len(seen.rows) > size else None
    return page(request, [_view(row) for row in shown], position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


def _view(row: Entry) -> AuditEntry:
    outcome: Any = row.outcome
    details: Any = row.details  # JSON already, and written as it is.
    return AuditEntry(row.position, row.at, row.actor, row.action, row.subject, outcome, details)
