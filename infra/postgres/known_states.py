"""States of busy streams that a process keeps in memory: their past does not change, so only what came after it is read."""

from typing import Final
from uuid import UUID

import msgspec

from domain.shared.aggregate import Aggregate

MOST: Final = 8 * 2**20
"""Bytes of all of them as JSON; in memory they are two to three times as large."""
MEASURED_EVERY: Final = 200
"""Events after which a state is measured again: it grows slowly, and measuring a large one takes its time."""


class Known(msgspec.Struct, frozen=True):
    """A state that was read, the position of its last event, and what that says (None where a snapshot stood for it); its size in bytes."""

    state: Aggregate
    position: int
    said: bytes | None
    size: int


class KnownStates:
    """Not more than `most` bytes of them, or one that is larger alone; what has not changed for longest is forgotten first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[tuple[type[Aggregate], UUID], Known] = {}
        self._size = 0

    def get(self, kind: type[Aggregate], stream_id: UUID) -> Known | None:
        """What is known of a stream."""
        return self._known.get((kind, stream_id))

    def remember(self, kind: type[Aggregate], state: Aggregate, position: int, said: bytes | None) -> None:
        """Keep this state of its stream, instead of an earlier one."""
        before = self.forget(kind, state.id)
        is_measured = before is not None and before.state.version // MEASURED_EVERY == state.version // MEASURED_EVERY
        size = before.size if before is not None and is_measured else len(msgspec.json.encode(state))
        self._known[kind, state.id] = Known(state, position, said, size)
        self._size += size
        while self._size > self._most and len(self._known) > 1:
            self.forget(*next(iter(self._known)))

    def forget(self, kind: type[Aggregate], stream_id: UUID) -> Known | None:
        """Forget a stream; what was known of it."""
        known = self._known.pop((kind, stream_id), None)
        self._size -= known.size if known is not None else 0
        return known
