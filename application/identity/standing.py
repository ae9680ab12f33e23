"""Whether a session may still act: read from the log, never older than a second."""

import asyncio
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from application.identity.access_token import AccessClaims
from application.shared.context import Caller
from application.shared.ports import Log
from domain.identity.errors import InvalidToken
from domain.identity.session import Session
from domain.identity.user import User
from domain.shared.refused import Refused

FRESH: Final = timedelta(seconds=1)
KNOWN: Final = 10_000
"""Sessions remembered at most."""


class Standing:
    """Turns a verified token into a caller. Sign-out, disabling and a new role act within a second, on every process."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._known: dict[UUID, tuple[datetime, asyncio.Future[Caller]]] = {}

    async def caller(self, claims: AccessClaims) -> Caller:
        """The caller with today's role; raises `InvalidToken`, `AccountDisabled`."""
        now = self._log.now()
        known = self._known.get(claims.sid)
        if known is None or known[0] < now:
            known = self._ask(claims, now)
        # Shielded: one client that hangs up must not cancel the answer that others wait for.
        return known[1].result() if known[1].done() else await asyncio.shield(known[1])

    def _ask(self, claims: AccessClaims, now: datetime) -> tuple[datetime, asyncio.Future[Caller]]:
        if len(self._known) >= KNOWN:
            self._known = {sid: one for sid, one in self._known.items() if one[0] >= now}
        if len(self._known) >= KNOWN:
            self._known.clear()
        answer: asyncio.Future[Caller] = asyncio.ensure_future(self._look_up(claims, now))
        answer.add_done_callback(lambda done: self._forget_failure(claims.sid, done))
        known = self._known[claims.sid] = (now + FRESH, answer)
        return known

    def _forget_failure(self, sid: UUID, answer: "asyncio.Future[Caller]") -> None:
        failed = answer.cancelled() or (answer.exception() is not None and not isinstance(answer.exception(), Refused))
        if failed and self._known.get(sid, (None, None))[1] is answer:
            del self._known[sid]

    async def _look_up(self, claims: AccessClaims, now: datetime) -> Caller:
        session, _ = await self._log.load(Session, claims.sid)
        session.must_be_open(now)
        if session.user_id != claims.sub:
            raise InvalidToken
        user, _ = await self._log.load(User, claims.sub)
        user.must_be_active()
        return Caller(claims.sub, user.role, claims.sid)
