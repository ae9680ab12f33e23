"""Answers to a question that is asked with every request, remembered for half a second."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from domain.shared.refused import Refused

T = TypeVar("T")
FRESH: Final = timedelta(seconds=0.5)
KNOWN: Final = 10_000
"""Answers remembered at most."""


class Remembered(Generic[T]):
    """Asks once for all who want to know the same at the same time. A refusal is an answer, too; any other failure is none."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: dict[Hashable, tuple[datetime, asyncio.Future[T]]] = {}

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """What was answered for a key less than half a second ago, or is answered now."""
        now = self._now()
        known = self._known.get(key)
        if known is None or known[0] < now:
            known = self._ask(key, ask, now)
        # Shielded: one client that hangs up must not cancel the answer that others wait for.
        return known[1].result() if known[1].done() else await asyncio.shield(known[1])

    def forget(self, key: Hashable) -> None:
        """Ask anew the next time."""
        self._known.pop(key, None)

    def _ask(self, key: Hashable, ask: Callable[[], Awaitable[T]], now: datetime) -> tuple[datetime, asyncio.Future[T]]:
        if len(self._known) >= KNOWN:
            self._known = {one: known for one, known in self._known.items() if known[0] >= now}
        if len(self._known) >= KNOWN:
            self._known.clear()
        answer: asyncio.Future[T] = asyncio.ensure_future(ask())
        answer.add_done_callback(lambda done: self._forget_failure(key, done))
        known = self._known[key] = (now + FRESH, answer)
        return known

    def _forget_failure(self, key: Hashable, answer: "asyncio.Future[T]") -> None:
        failed = answer.cancelled() or (answer.exception() is not None and not isinstance(answer.exception(), Refused))
        if failed and self._known.get(key, (None, None))[1] is answer:
            del self._known[key]
