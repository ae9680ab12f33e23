"""Sessions and accounts in Redis, asked with each request: used only as far as they provably show the log of a moment ago.

Without Redis nobody is signed out and no revocation is late: signatures are checked with keys this process has, and whether a
session stands is read from PostgreSQL, by each process at most twice a second per session. The same holds while Redis is emptied,
lost rows, belongs to another log, or lags behind. What is lost is speed: two short reads per session, process and half second.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.identity.session import Session
from domain.identity.user import User
from projections.identity.standing import STANDING, Stands

log = logging.getLogger(__name__)
FRESH: Final = 0.3
"""Seconds for which the newest position of the log is believed; together with what `Standing` remembers less than one second."""
PATIENCE: Final = 0.2
AWAY: Final = 1.0
"""Seconds for which Redis is left alone after it did not answer."""
FIND: Final = """
local build = redis.call('GET', KEYS[1])
if not build then return {} end
local prefix = KEYS[2] .. build .. ':'
local meta = redis.call('HMGET', prefix .. 'meta', 'position', 'rows', 'log')
if not meta[1] or tonumber(meta[2]) ~= redis.call('HLEN', prefix .. 'rows') then return {} end
local rows = redis.call('HMGET', prefix .. 'rows', ARGV[1], ARGV[2])
return {meta[3], meta[1], rows[1], rows[2]}
"""


class RedisRegistry:
    """The `Registry` port. Whatever is not there, or not as new as the log was, is for the log to answer.

    `head` tells which log this is and its newest position.
    """

    def __init__(self, redis: Redis, head: Callable[[], Awaitable[tuple[UUID, int]]]) -> None:
        self._find = redis.register_script(FIND)
        self._head = head
        self._newest: tuple[float, asyncio.Future[tuple[UUID, int]]] | None = None
        self._away_until = 0.0
        self._decode = msgspec.json.Decoder(Stands).decode

    async def find(self, session_id: UUID, user_id: UUID) -> tuple[Session, User] | None:
        """Session and account, at least as new as the log was when it was last asked, at most `FRESH` ago."""
        if time.monotonic() < self._away_until:
            return None
        log_id, head = await self._newest_position()
        try:
            async with asyncio.timeout(PATIENCE):
                found: list[Any] = await self._find(
                    keys=[f"{{{STANDING.table}}}:active", f"{{{STANDING.table}}}:b"], args=[str(session_id), str(user_id)]
                )
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("Redis does not say who is signed in; the log is asked instead", extra={"error": repr(error)})
            self._away_until = time.monotonic() + AWAY
            return None
        if len(found) < 4 or found[0] != str(log_id).encode() or int(found[1]) < head or found[2] is None or found[3] is None:
            return None
        session, account = self._decode(found[2]).session, self._decode(found[3]).account
        return None if session is None or account is None else (session, account)

    def forget(self) -> None:
        """Ask the log for its newest position before the next find."""
        self._newest = None

    async def _newest_position(self) -> tuple[UUID, int]:
        now = time.monotonic()
        if self._newest is None or self._newest[0] < now:
            asked: asyncio.Future[tuple[UUID, int]] = asyncio.ensure_future(self._head())
            self._newest = (now + FRESH, asked)
            asked.add_done_callback(self._forget_failure)
        return await asyncio.shield(self._newest[1])

    def _forget_failure(self, asked: "asyncio.Future[tuple[UUID, int]]") -> None:
        if (asked.cancelled() or asked.exception() is not None) and self._newest is not None and self._newest[1] is asked:
            self._newest = None
