"""The read model `notifications`: what people were told and have neither deleted nor outlived, newest first, what became of its mail, and how
many of them are unread.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec

from domain.notifications import events as e
from domain.notifications.kind import Kind, Priority
from domain.shared.event import Recorded
from projections.shared.read_model import Groups, ReadModel, Row, read_model
from projections.shared.reading import LAST_ID, Freshness, SeenMany, Tables
from projections.shared.where import where

NO_MAIL: Final = "none"
PENDING: Final = "pending"
DELIVERED: Final = "delivered"
FAILED: Final = "failed"
TOTAL: Final = "total"


class NotificationRow(Row, frozen=True, gc=False):
    """A notification. `delivery` says what became of its mail: `none`, `pending`, `delivered` to the mail server, `failed`."""

    id: UUID
    user_id: UUID
    kind: str
    priority: str
    title: str
    change: str | None
    facts: msgspec.Raw
    actor_id: UUID | None
    task_id: UUID | None
    project_id: UUID | None
    comment_id: UUID | None
    created_at: datetime
    expires_at: datetime
    unread: bool
    read_at: datetime | None
    delivery: str
    version: int


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The notification whose stream it is, or all that the event names."""
    match recorded.event:
        case e.NotificationsRead(notification_ids=ids) | e.NotificationsForgotten(notification_ids=ids):
            return ids
        case e.MailSent(notification_ids=ids) | e.MailFailed(notification_ids=ids):
            return ids
    return (recorded.stream_id,)


def fold(key: UUID, row: NotificationRow | None, recorded: Recorded[Any]) -> NotificationRow | None:
    """The notification after one more fact; what is not shown in the app has no row."""
    event = recorded.event
    if isinstance(event, e.NotificationCreated):
        return _new(key, event, recorded.version) if event.in_app else None
    if row is None:
        return None
    match event:
        case e.NotificationRead(read_at=at) | e.NotificationsRead(read_at=at) if row.unread:
            return msgspec.structs.replace(row, unread=False, read_at=at, version=row.version + 1)
        case e.NotificationDeleted() | e.NotificationExpired() | e.NotificationsForgotten():
            return None
        case e.MailSent() | e.MailFailed():
            delivery = DELIVERED if isinstance(event, e.MailSent) else FAILED
            return msgspec.structs.replace(row, delivery=delivery, version=row.version + 1)
    return row


def _new(key: UUID, event: e.NotificationCreated, version: int) -> NotificationRow:
    return NotificationRow(
        id=key,
        user_id=event.user_id,
        kind=event.kind.value,
        priority=event.priority.value,
        title=event.title,
        change=event.change,
        facts=msgspec.Raw(msgspec.json.encode(event.facts)),
        actor_id=event.actor_id,
        task_id=event.task_id,
        project_id=event.project_id,
        comment_id=event.comment_id,
        created_at=event.created_at,
        expires_at=event.expires_at,
        unread=True,
        read_at=None,
        delivery=PENDING if event.mail else NO_MAIL,
        version=version,
    )


def group(user_id: UUID) -> str:
    """The group of a person's unread notifications."""
    return f"user:{user_id}"


def contrib(row: NotificationRow) -> Groups:
    """What one adds to its person's numbers while it is unread: to `total`, and to its kind."""
    return {group(row.user_id): {TOTAL: 1, row.kind: 1}} if row.unread else {}


NOTIFICATIONS: Final = read_model(
    ReadModel(
        name="notifications",
        version=1,
        store="postgres",
        row=NotificationRow,
        key=("id",),
        listens=(
            e.NotificationCreated,
            e.NotificationRead,
            e.NotificationsRead,
            e.NotificationDeleted,
            e.NotificationExpired,
            e.NotificationsForgotten,
            e.MailSent,
            e.MailFailed,
        ),
        keys=keys,
        fold=fold,
        contrib=contrib,
        indexes=("user_id, id", "user_id, unread, id", "user_id, kind, id"),
    )
)


class ShownNotification(msgspec.Struct, frozen=True):
    """A notification as its person sees it. `delivery` is that of its mail; `change` and `facts` say more about what was done."""

    id: UUID
    version: int
    kind: Kind
    priority: Priority
    title: str
    change: str | None
    facts: dict[str, Any]
    actor_id: UUID | None
    task_id: UUID | None
    project_id: UUID | None
    comment_id: UUID | None
    created_at: datetime
    expires_at: datetime
    read: bool
    read_at: datetime | None
    delivery: str


class Wanted(msgspec.Struct, frozen=True):
    """Whose notifications, and which: read or unread ones, of one kind; None: all."""

    user_id: UUID
    unread: bool | None = None
    kind: Kind | None = None


async def notifications(
    tables: Tables, wanted: Wanted, now: datetime, fresh: Freshness, *, limit: int, before: UUID | None = None
) -> tuple[list[ShownNotification], SeenMany[NotificationRow]]:
    """Newest first, older than one of them; at most `limit`."""
    conditions, arguments = where(
        ("user_id = %b and expires_at > %b and id < %b", (wanted.user_id, now, before or LAST_ID)),
        ("unread = %b", (wanted.unread,)),
        ("kind = %b", (wanted.kind,)),
    )
    seen = await tables.many(NOTIFICATIONS, conditions + " order by id desc limit %b", (*arguments, limit), fresh)
    return [shown(row) for row in seen.rows], seen


async def notification(tables: Tables, user_id: UUID, notification_id: UUID, fresh: Freshness) -> tuple[ShownNotification | None, int, bool]:
    """One of a person's notifications, the position it was seen at, and whether that is stale."""
    seen = await tables.many(NOTIFICATIONS, "where id = %b and user_id = %b", (notification_id, user_id), fresh)
    return (shown(seen.rows[0]) if seen.rows else None), seen.position, seen.stale


async def unread_counts(tables: Tables, user_id: UUID, fresh: Freshness) -> tuple[dict[str, int], int, bool]:
    """The numbers by kind and in `total`, the position they show, and whether that is stale. Sums over rows, never counted up or down."""
    found, position, stale = await tables.sums(NOTIFICATIONS, [group(user_id)], fresh)
    return found.get(group(user_id), {}), position, stale


async def unread_until(tables: Tables, user_id: UUID, until: datetime, fresh: Freshness, most: int) -> Sequence[UUID]:
    """The ids of a person's unread notifications that were created until a moment; at most so many."""
    query: LiteralString = "where user_id = %b and unread and created_at <= %b order by id limit %b"
    seen = await tables.many(NOTIFICATIONS, query, (user_id, until, most), fresh)
    return [row.id for row in seen.rows]


def shown(row: NotificationRow) -> ShownNotification:
    """A row as its person sees it."""
    told = {name: getattr(row, name) for name in ShownNotification.__struct_fields__ if name not in {"kind", "priority", "facts", "read"}}
    facts = msgspec.json.decode(row.facts)
    return ShownNotification(kind=Kind(row.kind), priority=Priority(row.priority), facts=facts, read=not row.unread, **told)
