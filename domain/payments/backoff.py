"""How long to wait before something is tried again: the base delay, doubled each time (BullMQ's formula, requirement S2-30)."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

ENDURING: Final = timedelta(minutes=5)
"""The longest pause where nothing may be given up."""
SOON: Final = timedelta(seconds=1)
"""Until what was given up is asked about for the first time."""
EVER: Final = timedelta(days=365)
"""No pause is longer, so that no doubling leaves the calendar."""


class Backoff(msgspec.Struct, frozen=True):
    """`retries` after the first try; `delay` before the first of them; `jitter` (0 to 1) is the share of a pause that chance may take off it;
    no pause is longer than `longest`. What is authorised and not captured lapses after `lapse`.
    """

    retries: int = 10
    delay: timedelta = timedelta(milliseconds=300)
    jitter: float = 0.0
    longest: timedelta = EVER
    lapse: timedelta = timedelta(days=7)

    def pause(self, retry: int, chance: float = 0.0) -> timedelta:
        """The pause before retry 1, 2, …; `chance` from 0 to 1."""
        seconds = min(self.delay.total_seconds() * 2.0 ** min(retry - 1, 60), self.longest.total_seconds())
        return timedelta(seconds=seconds) * (1 - self.jitter * chance)

    def enduring(self, retry: int, chance: float = 0.0) -> timedelta:
        """The same for what is never given up."""
        return min(self.pause(retry, chance), ENDURING)

    def recheck(self, since: datetime, now: datetime) -> datetime | None:
        """When to ask again about what was given up: after as long again; None once whatever appeared would have lapsed."""
        last = since + self.lapse
        return None if now >= last else min(last, now + max(SOON, now - since))
