"""Taking turns at busy streams, within one process: whoever decides on one waits until the one before has decided.

Without turns, those who meet on one stream all read it, one of them writes, and the others read it again. With them each sees what the one before
decided, written or not yet, and all of it is written together (mechanisms A3). It is only an optimisation: versions are checked all the same.
"""

import asyncio
from collections.abc import Iterable
from uuid import UUID


class _Turn:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.wanted = 0


class Turns:
    """The turns of one process."""

    def __init__(self) -> None:
        self._turns: dict[UUID, _Turn] = {}

    async def take(self, stream_ids: Iterable[UUID]) -> list[UUID]:
        """Wait for one's turn at all of these streams; in one order for everybody, so that no two wait for each other."""
        taken: list[UUID] = []
        try:
            for stream_id in sorted(set(stream_ids)):
                turn = self._turns.setdefault(stream_id, _Turn())
                turn.wanted += 1
                taken.append(stream_id)
                await turn.lock.acquire()
        except BaseException:
            last = taken.pop()
            self._forget(last)
            self.leave(taken)
            raise
        return taken

    def leave(self, stream_ids: Iterable[UUID]) -> None:
        """Let the next ones have theirs."""
        for stream_id in stream_ids:
            self._turns[stream_id].lock.release()
            self._forget(stream_id)

    def _forget(self, stream_id: UUID) -> None:
        turn = self._turns[stream_id]
        turn.wanted -= 1
        if turn.wanted == 0:
            del self._turns[stream_id]
