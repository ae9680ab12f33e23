"""Notifications as they are spoken: a list, its numbers, reading and deleting. Always one's own."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from api.shared.access import caller
from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently, with_position
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import change, command, query, remove
from application.notifications.notification import AllRead, DeleteNotification, ReadNotification, ReadNotifications
from domain.notifications.kind import Kind
from domain.notifications.notification import Notification
from domain.shared.refused import Forbidden, NotFound
from projections.notifications.notifications import TOTAL, ShownNotification, Wanted, notification, notifications, unread_counts, unread_until
from projections.shared.reading import Freshness

READ: Final = "notifications:read"
MANAGE: Final = "notifications:manage"
AT_ONCE: Final = 5000
"""Notifications that one request marks as read."""


class UnreadCount(msgspec.Struct, frozen=True):
    """How many notifications are unread, in all and by kind; kinds without any are left out."""

    unread_count: int
    by_kind: dict[Kind, int]


class ReadView(msgspec.Struct, frozen=True):
    """A notification that was read. After a command it also carries `position`."""

    id: UUID
    version: int
    read_at: datetime | None


class ReadAllBody(Body, frozen=True):
    """Up to when; left out: everything that is there at this moment."""

    until: Annotated[datetime, Meta(tz=True)] | None = None


async def notification_is_there(request: Req) -> None:
    """Raises `NotFound` for what is not the caller's: said before anything about a body."""
    found, _ = await parts(request).log.load(Notification, request.path_params["notification_id"])
    if not found.belongs_to(caller(request).id):
        raise NotFound


@query("/api/v1/notifications", needs=READ, answers=Page[ShownNotification], tags=["notifications"])
async def list_notifications(
    request: Req,
    fresh: NamedDependency[Freshness],
    limit: Limit = None,
    cursor: Cursor = None,
    unread: Annotated[bool | None, QueryParameter(description="Only those that are unread, or only those that were read.")] = None,
    kind: Annotated[Kind | None, QueryParameter(description="Only those of this kind.")] = None,
) -> Response[bytes]:
    """What one was told, newest first. `Daybook-Unread` says how many are unread in all."""
    known, size, whose = parts(request), limit or DEFAULT_LIMIT, _own_id(request)
    (before,) = read_cursor(request, cursor, tuple[UUID]) or (None,)
    found, seen = await notifications(known.tables, Wanted(whose, unread, kind), known.log.now(), fresh, limit=size + 1, before=before)
    following = write_cursor(request, found[size - 1].id) if len(found) > size else None
    answer = page(request, found[:size], position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)
    counts, _, _ = await unread_counts(known.tables, whose, Freshness(fresh.caller_id, allow_stale=True))
    answer.headers["Daybook-Unread"] = str(counts.get(TOTAL, 0))
    return answer


@query("/api/v1/notifications/unread-count", needs=READ, answers=UnreadCount, tags=["notifications"])
async def count_unread_notifications(request: Req, fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """How many notifications one has not read."""
    counts, position, stale = await unread_counts(parts(request).tables, _own_id(request), fresh)
    told = UnreadCount(counts.get(TOTAL, 0), {kind: counts[kind] for kind in Kind if counts.get(kind)})
    headers = {"Daybook-Position": str(position), "Cache-Control": "no-store"} | ({"Daybook-Stale": "true"} if stale else {})
    return Response(with_position(msgspec.json.encode(told), position), media_type="application/json", headers=headers)


@query("/api/v1/notifications/{notification_id:uuid}", needs=READ, answers=ShownNotification, tags=["notifications"])
async def get_notification(request: Req, notification_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """One notification, with what became of its mail."""
    await notification_is_there(request)
    fresh = msgspec.structs.replace(fresh, stream_id=notification_id)
    shown, position, stale = await notification(parts(request).tables, _own_id(request), notification_id, fresh)
    if shown is None:
        raise NotFound
    return one(request, shown, version=shown.version, position=position, stale=stale)


@change("/api/v1/notifications/{notification_id:uuid}/read", needs=MANAGE, answers=ReadView, tags=["notifications"], exists=notification_is_there)
async def read_notification(request: Req, notification_id: FromPath[UUID]) -> Response[bytes]:
    """Note that one has read it; again, nothing changes."""
    return await carry_out(request, ReadNotification(notification_id=notification_id), ReadView)


@command("/api/v1/notifications/{notification_id:uuid}/read", needs=MANAGE, answers=ReadView, tags=["notifications"], exists=notification_is_there)
async def read_notification_by_post(request: Req, notification_id: FromPath[UUID]) -> Response[bytes]:
    """The same, for clients without PATCH."""
    return await carry_out(request, ReadNotification(notification_id=notification_id), ReadView)


@command("/api/v1/notifications/read-all", needs=MANAGE, answers=AllRead, tags=["notifications"])
async def read_all_notifications(request: Req, data: JSONBody[ReadAllBody | None] = None) -> Response[bytes]:
    """Note that one has read all that is there, or was there at a moment; what comes meanwhile stays unread.

    At most 5,000 at once, oldest first; `more` says that there are others.
    """
    known, whose = parts(request), _own_id(request)
    until = (data or ReadAllBody()).until or known.log.now()
    ids = await unread_until(known.tables, whose, until, Freshness(whose), AT_ONCE + 1)
    return await carry_out(request, ReadNotifications(notification_ids=tuple(ids[:AT_ONCE]), more=len(ids) > AT_ONCE), AllRead)


@remove("/api/v1/notifications/{notification_id:uuid}", needs=MANAGE, tags=["notifications"])
async def delete_notification(request: Req, notification_id: FromPath[UUID]) -> Response[None]:
    """Let a notification go."""
    return await carry_out_silently(request, DeleteNotification(notification_id=notification_id))


def _own_id(request: Req) -> UUID:
    own = caller(request).id
    if own is None:
        raise Forbidden
    return own
