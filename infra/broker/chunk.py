"""What travels over the broker: contiguous pieces of the log, and a beacon that says how far it goes (L5, L6)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.shared.event import Recorded
from infra.postgres.log_reader import recorded

STREAM: Final = "daybook.log"
MAXLEN: Final = 2_000
"""Chunks kept in the broker's stream, about."""
EVENTS: Final = 500
BYTES: Final = 512 * 1024


class Announced(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One event as it was recorded."""

    position: int
    stream_id: UUID
    version: int
    type: str
    data: bytes
    metadata: bytes
    actor_id: UUID | None
    recorded_at: datetime

    def recorded(self) -> Recorded[Any]:
        """The event in today's shape."""
        return recorded((self.position, self.stream_id, self.version, self.type, self.data, self.metadata, self.actor_id, self.recorded_at))


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """Positions `first`..`last` of a log whose newest position is `head`. A beacon has no events and `first` > `last`;
    an event too large to travel is announced by its position alone.
    """

    log_id: UUID
    first: int
    last: int
    head: int
    events: Sequence[Announced] = ()


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Chunk).decode


def chunks(log_id: UUID, head: int, events: Iterable[Announced]) -> Iterable[Chunk]:
    """Contiguous events in chunks of at most 500 events and 512 KiB."""
    part: list[Announced] = []
    size = 0
    for event in events:
        weight = len(event.data) + len(event.metadata) + 100
        if part and (len(part) == EVENTS or size + weight > BYTES):
            yield Chunk(log_id, part[0].position, part[-1].position, head, part)
            part, size = [], 0
        if weight > BYTES:
            yield Chunk(log_id, event.position, event.position, head)
            continue
        part.append(event)
        size += weight
    if part:
        yield Chunk(log_id, part[0].position, part[-1].position, head, part)
