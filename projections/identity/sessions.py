"""The read model `sessions`: sign-ins that were not ended one by one, with where they come from, sealed until it is read."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from domain.identity.events import Reauthenticated, SessionEnded, SessionOpened, SessionRefreshed
from domain.identity.user import User
from domain.shared.event import Recorded
from domain.shared.refused import NotFound
from projections.identity.person_keys import PersonKeys
from projections.shared.read_model import ReadModel, Row, read_model
from projections.shared.reading import LAST_ID, Freshness, SeenMany, Tables

NEVER: Final = datetime.min.replace(tzinfo=UTC)


class OpenSession(Row, frozen=True, gc=False):
    """A session. `client` is sealed; `methods` are words with spaces between them."""

    id: UUID
    user_id: UUID
    opened_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    methods: str
    client: str
    client_id: UUID | None = None


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The session whose stream it is."""
    return (recorded.stream_id,)


def fold(key: UUID, row: OpenSession | None, recorded: Recorded[Any]) -> OpenSession | None:
    """The session after one more fact; one that was ended is for the audit trail to show."""
    match recorded.event:
        case SessionOpened() as opened:
            at = opened.opened_at or recorded.recorded_at
            return OpenSession(key, opened.user_id, at, at, opened.expires_at, " ".join(opened.methods), opened.client, opened.client_id)
        case SessionRefreshed(refreshed_at=at) if row is not None:
            return msgspec.structs.replace(row, last_seen_at=at)
        case Reauthenticated(at=at, methods=methods) if row is not None:
            return msgspec.structs.replace(row, last_seen_at=max(at, row.last_seen_at), methods=" ".join(methods))
    return None


SESSIONS: Final = read_model(
    ReadModel(
        name="sessions",
        version=1,
        store="postgres",
        row=OpenSession,
        key=("id",),
        listens=(SessionOpened, SessionRefreshed, Reauthenticated, SessionEnded),
        keys=keys,
        fold=fold,
        indexes=("user_id, id",),
        key_is_stream=True,
    )
)


class ShownSession(msgspec.Struct, frozen=True):
    """A session as its owner and administrators see it. `client_id` names the program that acts in it, if one does."""

    id: UUID
    current: bool
    opened_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    methods: list[str]
    address: str
    user_agent: str
    client_id: UUID | None


class Accounts(Protocol):
    """Where accounts can be loaded from."""

    async def load(self, kind: type[User], stream_id: UUID, /) -> tuple[User, int]:
        """An account and the position of its newest event."""

    def now(self) -> datetime:
        """Database time."""


class _Client(msgspec.Struct):
    address: str = ""
    agent: str = ""


async def open_sessions(
    tables: Tables,
    log: Accounts,
    names: PersonKeys,
    user_id: UUID,
    fresh: Freshness,
    *,
    idle: timedelta | None,
    limit: int,
    current: UUID | None = None,
    before: UUID | None = None,
) -> tuple[list[ShownSession], SeenMany[OpenSession]]:
    """The sessions of an account in which somebody can still act, newest first, opened before one of them; raises `NotFound`."""
    user, _ = await log.load(User, user_id)
    if not user.exists:
        raise NotFound
    now = log.now()
    seen_since = NEVER if idle is None else now - idle
    seen = await tables.many(
        SESSIONS,
        """where user_id = %b and expires_at > %b and last_seen_at > %b and (opened_at > %b or id = %b) and id < %b
           order by id desc limit %b""",
        (user_id, now, seen_since, user.sessions_since, user.spared, before or LAST_ID, limit if user.active else 0),
        fresh,
    )
    return [await _show(names, row, current) for row in seen.rows], seen


async def _show(names: PersonKeys, row: OpenSession, current: UUID | None) -> ShownSession:
    (told,) = await names.open(row.user_id, row.client) if row.client else ("{}",)
    client = msgspec.json.decode(told, type=_Client) if told.startswith("{") else _Client(told, told)
    methods, times = row.methods.split(), (row.opened_at, row.last_seen_at, row.expires_at)
    return ShownSession(row.id, row.id == current, *times, methods, client.address, client.agent, row.client_id)
