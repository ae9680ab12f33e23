"""Doing without Redis for what must not wait for it: after one failure it is left alone for a moment, and the log is told once."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from prometheus_client import Gauge
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
T = TypeVar("T")
PATIENCE: Final = 0.5
AWAY: Final = 1.0
WITHOUT: Final = Gauge("daybook_without_redis", "1 while something is done by each process alone, because Redis is away.", ["what"])


class Fallback:
    """Asks Redis, and while it is away somebody else. `what` is the name of it all in log and numbers."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._without = WITHOUT.labels(what)
        self._without.set(0)
        self._next_try: float | None = None

    async def __call__(self, redis: Callable[[], Awaitable[T]], instead: Callable[[], Awaitable[T]]) -> T:
        """The answer of Redis, or of `instead`; only one call in a second waits to see whether Redis is back."""
        if self._next_try is not None:
            if time.monotonic() < self._next_try:
                return await instead()
            self._next_try = time.monotonic() + AWAY
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await redis()
        except (RedisError, OSError, TimeoutError) as error:
            self._is_away(error)
            return await instead()
        if self._next_try is not None:
            self._next_try = None
            self._without.set(0)
            log.warning("Redis is back", extra={"what": self._what})
        return answer

    def _is_away(self, error: Exception) -> None:
        if self._next_try is None:
            self._without.set(1)
            log.warning("Redis is away: each process goes on alone", extra={"what": self._what, "error": repr(error)})
        self._next_try = time.monotonic() + AWAY
