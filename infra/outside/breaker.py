"""A circuit breaker: a server that fails again and again is left alone for a while, then tried once (requirement S4-44)."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

CLOSED: Final = "closed"
OPEN: Final = "open"
HALF_OPEN: Final = "half-open"
LAST: Final = 10
"""Calls that count."""
LEAST: Final = 3
"""Failures from which on something is concluded."""
RATE: Final = 0.5
RESET: Final = 30.0
"""Seconds until the next try."""


class Breaker:
    """Closed while more than half of the last calls succeed; then open; after `reset` seconds one call is let through, which decides."""

    def __init__(self, now: Callable[[], float] = time.monotonic, reset: float = RESET) -> None:
        self._now = now
        self._reset = reset
        self._failed: deque[bool] = deque(maxlen=LAST)
        self._open_since: float | None = None
        self._trying = False

    @property
    def state(self) -> str:
        """`closed`, `open`, or `half-open` once it is time to try."""
        if self._open_since is None:
            return CLOSED
        return HALF_OPEN if self._now() - self._open_since >= self._reset else OPEN

    def lets_through(self) -> bool:
        """Whether to make this call; whoever asks makes it, and says how it went."""
        state = self.state
        if state == HALF_OPEN and not self._trying:
            self._trying = True
            return True
        return state == CLOSED

    def succeeded(self) -> None:
        """The call went well."""
        if self._open_since is not None:
            self._failed.clear()
        self._open_since, self._trying = None, False
        self._failed.append(False)

    def failed(self) -> None:
        """The server could not be reached, or could not do its work."""
        self._failed.append(True)
        bad = sum(self._failed) >= max(LEAST, RATE * len(self._failed))
        if self._trying or bad:
            self._open_since = self._now()
        self._trying = False
