"""Sessions as they are spoken: which there are, and ending them."""

from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.shared.access import caller
from api.shared.bodies import Body
from api.shared.commanding import carry_out_silently
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import command, query, remove
from application.identity.sessions import EndMySessions, EndSession, EndSessionOf, EndSessionsOf
from domain.shared.aggregate import NOBODY
from projections.identity.sessions import ShownSession, open_sessions
from projections.shared.reading import Freshness


class LogoutAllBody(Body, frozen=True):
    """Whether the session that asks goes on."""

    keep_current: bool = False


@query("/api/v1/auth/sessions", needs="self:read", answers=Page[ShownSession], tags=["identity"])
async def list_my_sessions(request: Req, fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None) -> Response[bytes]:
    """The caller's sessions, newest first; `current` marks the one that asks."""
    return await _list(request, caller(request).id or NOBODY, fresh, limit, cursor)


@remove("/api/v1/auth/sessions/{session_id:uuid}", needs="self:secure", tags=["identity"])
async def end_my_session(request: Req, session_id: FromPath[UUID]) -> Response[None]:
    """End one of the caller's sessions; it can do nothing more within a second, on every process."""
    done = await carry_out_silently(request, EndSession(session_id=session_id))
    parts(request).standing.forget(session_id)
    return done


@command("/api/v1/auth/logout-all", needs="self:secure", status=204, tags=["identity"])
async def end_my_sessions(request: Req, data: JSONBody[LogoutAllBody | None] = None) -> Response[None]:
    """End all sessions of the caller, on every device."""
    wish = EndMySessions(keep_current=data is not None and data.keep_current)
    done = await carry_out_silently(request, wish)
    parts(request).standing.forget(caller(request).session_id)
    return done


@query("/api/v1/users/{user_id:uuid}/sessions", needs="sessions:manage", answers=Page[ShownSession], tags=["identity"])
async def list_sessions_of(
    request: Req, user_id: FromPath[UUID], fresh: NamedDependency[Freshness], limit: Limit = None, cursor: Cursor = None
) -> Response[bytes]:
    """Somebody's sessions, newest first."""
    return await _list(request, user_id, fresh, limit, cursor)


@remove("/api/v1/users/{user_id:uuid}/sessions", needs="sessions:manage", tags=["identity"])
async def end_sessions_of(request: Req, user_id: FromPath[UUID]) -> Response[None]:
    """End all sessions of somebody."""
    return await carry_out_silently(request, EndSessionsOf(user_id=user_id))


@remove("/api/v1/users/{user_id:uuid}/sessions/{session_id:uuid}", needs="sessions:manage", tags=["identity"])
async def end_session_of(request: Req, user_id: FromPath[UUID], session_id: FromPath[UUID]) -> Response[None]:
    """End one session of somebody."""
    done = await carry_out_silently(request, EndSessionOf(user_id=user_id, session_id=session_id))
    parts(request).standing.forget(session_id)
    return done


async def _list(request: Req, user_id: UUID, fresh: Freshness, limit: int | None, cursor: str | None) -> Response[bytes]:
    known, size, current = parts(request), limit or DEFAULT_LIMIT, caller(request).session_id
    (before,) = read_cursor(request, cursor, tuple[UUID]) or (None,)
    found, seen = await open_sessions(
        known.tables,
        known.log,
        known.names,
        user_id,
        fresh,
        idle=known.standing.idle,
        limit=size + 1,
        current=current,
        before=before,
    )
    following = write_cursor(request, found[size - 1].id) if len(found) > size else None
    return page(request, found[:size], position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)
