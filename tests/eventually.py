"""Waiting in tests: look again until a condition holds, never a fixed pause.

`seconds` are those of a machine that has nothing else to do. A busy one gets `BUSY` times as many: what is broken does not hold
in a minute either, and what is slow is for the bench to tell.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Seen = TypeVar("Seen")
PAUSE = 0.01
BUSY = 10


def until(look: Callable[[], Seen], seconds: float = 10, what: str = "") -> Seen:
    """Call `look` until it gives something true, and return that; fails after `BUSY` times `seconds`."""
    deadline = time.monotonic() + BUSY * seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {BUSY * seconds} s: {what or look} (last seen: {seen!r})")
        time.sleep(PAUSE)
    return seen


async def eventually(look: Callable[[], Awaitable[Seen]], seconds: float = 10, what: str = "") -> Seen:
    """`until` for an async condition."""
    deadline = time.monotonic() + BUSY * seconds
    while not (seen := await look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {BUSY * seconds} s: {what or look} (last seen: {seen!r})")
        await asyncio.sleep(PAUSE)
    return seen
