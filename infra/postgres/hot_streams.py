"""States that include events of this process which are not written yet, so that commands on one stream form chains (A3)."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from application.shared.ports import Entry
from domain.shared.aggregate import Aggregate
from infra.postgres.batch import Verdict

REMEMBERED: Final = 2000
"""States of lost entries that are known as such for a while: as many as there are commands waiting at most."""
WHILE: Final = 60.0
"""Seconds of it: longer than any command takes. The state of a busy stream may be half a megabyte."""


class Hot(msgspec.Struct, eq=False):
    """A stream with unwritten events: the state after them, and a generation that ends when one of them is lost."""

    state: Aggregate
    last: "asyncio.Future[Verdict]"
    states: dict[int, Aggregate]
    """Those that are not written yet, by their identity: a stream may be hot for as long as its product is sold."""
    unwritten: int = 0
    lost: bool = False


class HotStreams:
    """Streams of this process that have unwritten events."""

    def __init__(self) -> None:
        self._hot: dict[UUID, Hot] = {}
        self._lost: deque[tuple[float, Aggregate]] = deque(maxlen=REMEMBERED)

    def state(self, stream_id: UUID) -> Aggregate | None:
        """The state after all unwritten events, if there are any."""
        hot = self._hot.get(stream_id)
        return None if hot is None else hot.state

    def fits(self, entry: Entry) -> bool:
        """Whether the entry was decided on what its streams come to at this moment, unwritten events included."""
        if not self._hot and not entry.unwritten:
            return True
        return all((hot.state if (hot := self._hot.get(stream_id)) else None) is entry.unwritten.get(stream_id) for stream_id in entry.states)

    def join(self, entry: Entry, done: "asyncio.Future[Verdict]") -> list[Hot]:
        """Let the entry's states be what the next commands on its streams see."""
        self._forget()
        joined = []
        for stream_id, state in entry.states.items():
            hot = self._hot.get(stream_id)
            if hot is None:
                hot = self._hot[stream_id] = Hot(state, done, {})
            hot.state, hot.last = state, done
            hot.states[id(state)] = state
            hot.unwritten += 1
            joined.append(hot)
        if joined:
            done.add_done_callback(lambda finished: self._leave(entry, joined, finished))
        return joined

    def _leave(self, entry: Entry, joined: list[Hot], done: "asyncio.Future[Verdict]") -> None:
        kept = not done.cancelled() and done.exception() is None and done.result().outcome == "ok"
        now = time.monotonic()
        for (stream_id, state), hot in zip(entry.states.items(), joined, strict=True):
            hot.unwritten -= 1
            hot.lost = hot.lost or not kept
            if hot.lost:
                self._lost.extend((now, lost) for lost in hot.states.values())
                hot.states.clear()
            hot.states.pop(id(state), None)
            if (hot.lost or hot.unwritten == 0) and self._hot.get(stream_id) is hot:
                del self._hot[stream_id]

    def _forget(self) -> None:
        before = time.monotonic() - WHILE
        while self._lost and self._lost[0][0] < before:
            self._lost.popleft()

    async def settled(self, stream_ids: Sequence[UUID], unwritten: Sequence[Aggregate]) -> bool:
        """Wait for the newest unwritten entry of each stream; False when one was lost, or one of these states is lost already."""
        waiting = [self._hot[stream_id].last for stream_id in stream_ids if stream_id in self._hot]
        told = await asyncio.gather(*map(asyncio.shield, waiting), return_exceptions=True) if waiting else []
        if any(state is lost for state in unwritten for _, lost in self._lost):
            return False
        return all(isinstance(verdict, Verdict) and verdict.outcome == "ok" for verdict in told)
