"""The read model `standing`: every session that may still be open and every account, for the question asked with each request."""

from typing import Any, Final
from uuid import UUID

from domain.identity import events as e
from domain.identity.session import Session
from domain.identity.user import User
from domain.shared.event import Recorded
from projections.shared.read_model import ReadModel, Row, read_model

SESSIONS: Final = (e.SessionOpened, e.SessionRefreshed, e.Reauthenticated, e.SessionEnded)
ACCOUNTS: Final = (
    e.UserRegistered,
    e.RoleGranted,
    e.RoleRevoked,
    e.PasswordChanged,
    e.SessionsEnded,
    e.UserDisabled,
    e.UserEnabled,
    e.UserErased,
)


class Stands(Row, frozen=True, gc=False):
    """One stream's state: that of a session or that of an account, as the aggregates fold it, without names and e-mail."""

    id: UUID
    session: Session | None = None
    account: User | None = None


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The stream."""
    return (recorded.stream_id,)


def fold(key: UUID, row: Stands | None, recorded: Recorded[Any]) -> Stands | None:
    """The state after one more fact; a session that ended needs no row, for what is not here is not open."""
    event = recorded.event
    if isinstance(event, e.SessionEnded):
        return None
    if isinstance(event, SESSIONS):
        before = Session(id=key) if row is None or row.session is None else row.session
        return Stands(key, session=before.after(event)) if before.version or isinstance(event, e.SessionOpened) else None
    if isinstance(event, e.UserRegistered):
        return Stands(key, account=User(id=key, version=1))
    return None if row is None or row.account is None else Stands(key, account=row.account.after(event))


STANDING: Final = read_model(
    ReadModel(
        name="standing",
        version=1,
        store="redis",
        row=Stands,
        key=("id",),
        listens=(*SESSIONS, *ACCOUNTS),
        keys=keys,
        fold=fold,
        key_is_stream=True,
    )
)
