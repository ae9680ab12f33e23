"""Looking on while long work goes on, and stopping it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

import msgspec

from infra.projection.bulk_read import Stopped

TICK: Final = 2_000
Item = TypeVar("Item")
Progress = Callable[[str, int, int], None]
"""What is being done, how much of it, of how much."""


class Watch(msgspec.Struct, frozen=True):
    """Who looks on: hears of progress and may stop the work between two steps."""

    progress: Progress = lambda _what, _done, _all: None
    stop: Any = msgspec.field(default_factory=threading.Event)

    def over(self, items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
        """Pass items on, telling of every 2,000th; raises `Stopped`."""
        done = 0
        for done, item in enumerate(items, 1):
            if not done % TICK:
                self.check()
                self.progress(what, done, total)
            yield item
        self.progress(what, done, done)

    def step(self, base: int, total: int) -> "Watch":
        """The same, for a part of the work that begins when `base` of `total` is done."""
        return Watch(lambda what, done, _: self.progress(what, min(base + done, total), total), self.stop)

    def check(self) -> None:
        """Raise `Stopped` when nobody wants this any more."""
        if self.stop.is_set():
            raise Stopped
