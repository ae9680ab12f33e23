"""Whether a session may still act: asked of the registry or, where that cannot promise to be fresh, of the log; never older than a second."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from application.identity.access_token import AccessClaims
from application.identity.remembered import Remembered
from application.shared.context import Caller
from application.shared.ports import Log
from domain.identity.errors import InvalidToken
from domain.identity.oauth_client import OAuthClient
from domain.identity.session import Session
from domain.identity.user import User


class Registry(Protocol):
    """Sessions and accounts as they are remembered beside the log, to be asked more cheaply than it."""

    async def find(self, session_id: UUID, user_id: UUID) -> tuple[Session, User] | None:
        """Both as they were less than half a second ago; None where that cannot be promised."""

    def forget(self) -> None:
        """From now on only what is not older than this moment is found."""


class Standing:
    """Turns a verified token into a caller. Sign-out, disabling and a new role act within a second, on every process."""

    def __init__(self, log: Log, registry: Registry | None = None, *, idle: timedelta | None = None) -> None:
        self._log = log
        self._registry = registry
        self.idle = idle
        """After how long without a refresh a session ends; None: never."""
        self._known = Remembered[Caller](log.now)

    async def caller(self, claims: AccessClaims) -> Caller:
        """The caller with today's roles; raises `InvalidToken`, `TokenExpired`, `AccountDisabled`."""
        caller = await self._known.get(claims.sid, lambda: self._look_up(claims, self._log.now()))
        if caller.id != claims.sub:
            raise InvalidToken
        return caller

    def forget(self, session_id: UUID | None) -> None:
        """This process has just changed something about a session, and asks anew when it is used the next time."""
        self._known.forget(session_id)
        if self._registry is not None:
            self._registry.forget()

    async def _look_up(self, claims: AccessClaims, now: datetime) -> Caller:
        """Who acts in the session, which need not be who the token names: what is remembered is said of the session alone."""
        found = None if self._registry is None else await self._registry.find(claims.sid, claims.sub)
        session, user = found if found and found[0].user_id == claims.sub else await self._from_the_log(claims.sid)
        session.must_be_open(now, self.idle)
        if user.has_ended(session):
            raise InvalidToken
        user.must_be_active()
        if session.client_id is not None and not (await self._log.load(OAuthClient, session.client_id))[0].exists:
            raise InvalidToken  # The program was removed.
        return Caller(
            user.id,
            user.role,
            claims.sid,
            roles=frozenset(map(str, user.roles)),
            scopes=None if session.scopes is None else frozenset(session.scopes),
            authenticated_at=session.authenticated_at,
            methods=session.methods,
            client_id=session.client_id,
        )

    async def _from_the_log(self, session_id: UUID) -> tuple[Session, User]:
        session, _ = await self._log.load(Session, session_id)
        user, _ = await self._log.load(User, session.user_id)
        return session, user
