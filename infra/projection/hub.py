"""One process's view of the newest events: decoded once, shared by every read model it folds, bounded."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from domain.shared.event import Recorded
from infra.broker.chunk import Chunk
from infra.projection.checkpoint import Checkpoint

log = logging.getLogger(__name__)
WINDOW: Final = 10_000
SILENCE: Final = 2.0
"""Seconds without a word from the broker after which the log itself is asked for its head (L5)."""


class Hub:
    """Contiguous recent events, and the head of the log as far as it was told."""

    def __init__(self, log_id: UUID) -> None:
        self.log_id = log_id
        self.head = 0
        self._window: deque[Recorded[Any]] = deque()
        self._first = 1
        self._heard_at = time.monotonic()
        self._changed = asyncio.Event()
        self.heard: list[Callable[[], None]] = []
        """Called whenever something was heard, at once: they must be quick."""

    @property
    def newest(self) -> int:
        """The last position of the window; the one before its first when it is empty."""
        return self._first + len(self._window) - 1

    def receive(self, chunk: Chunk) -> None:
        """Take in a chunk: extends the window, or starts a new one behind a hole; old and foreign chunks change nothing."""
        if chunk.log_id != self.log_id:
            return
        self._heard_at = time.monotonic()
        self.head = max(self.head, chunk.head, chunk.last)
        newest = self.newest
        if chunk.events and chunk.last > newest:
            if chunk.first > newest + 1:
                self._window.clear()
                self._first = chunk.first
                newest = chunk.first - 1
            self._window.extend(event.recorded() for event in chunk.events if event.position > newest)
            while len(self._window) > WINDOW:
                self._window.popleft()
                self._first += 1
        self._wake()

    def told(self, head: Checkpoint) -> None:
        """Learn the head from the log itself."""
        if head.log_id != self.log_id:
            self.restart(head)
        self.head = max(self.head, head.position)
        self._heard_at = time.monotonic()
        self._wake()

    def restart(self, head: Checkpoint) -> None:
        """The log is another one, or has lost its tail: what was heard of it may never have happened."""
        self.log_id, self.head = head.log_id, head.position
        self._window.clear()
        self._first = head.position + 1
        self._wake()

    def after(self, position: int, limit: int) -> list[Recorded[Any]]:
        """Up to `limit` events that follow a position, if the window holds them."""
        skip = position + 1 - self._first
        if skip < 0 or skip >= len(self._window):
            return []
        return [self._window[index] for index in range(skip, min(skip + limit, len(self._window)))]

    async def beyond(self, position: int, timeout: float) -> bool:
        """Wait until the log goes beyond a position; False when the time is up."""
        until = time.monotonic() + timeout
        while self.head <= position:
            left = until - time.monotonic()
            if left <= 0:
                return False
            changed = self._changed
            try:
                async with asyncio.timeout(left):  # Not wait_for: in Python 3.11 it loses a cancellation that comes together with the event.
                    await changed.wait()
            except TimeoutError:
                return False
        return True

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        for heard in self.heard:
            heard()

    async def watch(self, ask: Callable[[], Awaitable[Checkpoint]]) -> None:
        """Ask the log for its head whenever the broker is silent. Until cancelled."""
        while True:
            await asyncio.sleep(SILENCE / 4)
            if time.monotonic() - self._heard_at >= SILENCE:
                try:
                    self.told(await ask())
                except Exception as error:  # noqa: BLE001 — the database is away; ask again soon
                    log.warning("the log cannot be asked for its head", extra={"error": repr(error)})
