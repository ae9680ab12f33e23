"""Ending sessions, one's own and those of others; and what time ends by itself."""

from typing import Any
from uuid import UUID

from application.identity.personal import account
from application.identity.session import end_all_sessions, end_session
from application.shared.command import Command, handles
from application.shared.deadline import Deadline, deadline
from application.shared.permissions import must
from application.shared.ports import Ports
from domain.identity.events import SessionEnded, SessionOpened
from domain.identity.session import Session
from domain.shared.aggregate import NOBODY
from domain.shared.event import Recorded
from domain.shared.refused import Hidden, NotFound


class EndSession(Command, frozen=True):
    """End one of the caller's own sessions."""

    session_id: UUID


class EndMySessions(Command, frozen=True):
    """End all sessions of the caller, or all but the one that asks."""

    keep_current: bool = False


class EndSessionOf(Command, frozen=True):
    """End a session of somebody else. For administrators."""

    user_id: UUID
    session_id: UUID


class EndSessionsOf(Command, frozen=True):
    """End all sessions of somebody else. For administrators."""

    user_id: UUID


class EndExpiredSession(Command, frozen=True):
    """End a session whose time has come, so that nothing of it need be remembered."""

    session_id: UUID


@handles(EndSession)
async def end_my_session(command: EndSession, ports: Ports) -> None:
    """Told twice, nothing new happens; raises `NotFound`, also for a session of somebody else."""
    must(ports.caller, "self:secure")
    await _end_of(ports, ports.caller.id or NOBODY, command.session_id, "ended_by_user")


@handles(EndMySessions)
async def end_my_sessions(command: EndMySessions, ports: Ports) -> None:
    """Raises `InvalidToken` where the session to keep has ended meanwhile."""
    must(ports.caller, "self:secure")
    spared = ports.caller.session_id if command.keep_current else None
    await end_all_sessions(ports, ports.caller.id or NOBODY, "ended_by_user", spared=spared)


@handles(EndSessionOf)
async def end_session_of(command: EndSessionOf, ports: Ports) -> None:
    """Told twice, nothing new happens; raises `InsufficientRole`, `NotFound`."""
    must(ports.caller, "sessions:manage")
    await _end_of(ports, command.user_id, command.session_id, "ended_by_admin")


@handles(EndSessionsOf)
async def end_sessions_of(command: EndSessionsOf, ports: Ports) -> None:
    """Raises `InsufficientRole`, `NotFound`, `AccountErased`."""
    must(ports.caller, "sessions:manage")
    await account(ports, command.user_id)
    await end_all_sessions(ports, command.user_id, "ended_by_admin")


@handles(EndExpiredSession)
async def end_expired_session(command: EndExpiredSession, ports: Ports) -> None:
    """Too early, or after the session ended otherwise, nothing happens."""
    must(ports.caller, "sessions:manage")
    session = await ports.log.load(Session, command.session_id)
    if session.has_expired(ports.now) and not session.ended:
        await end_session(ports, session.id, "expired")


@deadline("identity.session_expiry", SessionOpened, SessionEnded)
def expiry(session_id: UUID, _: Deadline | None, recorded: Recorded[Any]) -> Deadline | None:
    """A session is over for certain when it reaches its age, however often it was refreshed."""
    match recorded.event:
        case SessionOpened(expires_at=expires_at):
            return Deadline(expires_at, EndExpiredSession(session_id=session_id))
    return None


async def _end_of(ports: Ports, user_id: UUID, session_id: UUID, reason: str) -> None:
    session = await ports.log.load(Session, session_id)
    if session.user_id == NOBODY:
        raise NotFound
    if session.user_id != user_id:
        raise Hidden
    if not session.ended:
        await end_session(ports, session_id, reason)
