"""How many unread notifications each person has, in all and by kind: sums over those that are unread, never counted up or down."""

from typing import Any, Final
from uuid import UUID

from domain.notifications import events as e
from domain.notifications.kind import Kind
from domain.shared.event import Recorded
from projections.notifications.notifications import keys
from projections.shared.read_model import Groups, ReadModel, Row, read_model
from projections.shared.reading import Caches, Freshness

TOTAL: Final = "total"


class Unread(Row, frozen=True, gc=False):
    """A notification that was not read."""

    id: UUID
    user_id: UUID
    kind: str


def fold(key: UUID, _: Unread | None, recorded: Recorded[Any]) -> Unread | None:
    """There is a row as long as it is unread."""
    match recorded.event:
        case e.NotificationCreated(in_app=True, user_id=user_id, kind=kind):
            return Unread(key, user_id, kind.value)
    return None


def of(user_id: UUID) -> str:
    """The group of a person's notifications."""
    return f"user:{user_id}"


def contrib(row: Unread) -> Groups:
    """What one adds."""
    return {of(row.user_id): {TOTAL: 1, row.kind: 1}}


UNREAD_COUNTS: Final = read_model(
    ReadModel(
        name="unread_counts",
        version=1,
        store="redis",
        row=Unread,
        key=("id",),
        listens=(
            e.NotificationCreated,
            e.NotificationRead,
            e.NotificationsRead,
            e.NotificationDeleted,
            e.NotificationExpired,
            e.NotificationsForgotten,
        ),
        keys=keys,
        fold=fold,
        contrib=contrib,
    )
)


async def unread_counts(caches: Caches, user_id: UUID, fresh: Freshness) -> tuple[dict[str, int], int, bool]:
    """The numbers by kind and `total`, the position they show, and whether that is stale; raises `ProjectionNotReady`."""
    found, position, stale = await caches.groups(UNREAD_COUNTS, [of(user_id)], [TOTAL, *Kind], fresh)
    return found[of(user_id)], position, stale
