"""The log itself, for auditors: what was recorded, by whom, in the order of the log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from domain.shared.event import Event


class Logged(msgspec.Struct, frozen=True):
    """An event with its place in the log. `name` is its pinned name, also where this code does not know it."""

    position: int
    stream_id: UUID
    version: int
    name: str
    event: Event
    actor_id: UUID | None
    recorded_at: datetime


class Found(msgspec.Struct, frozen=True):
    """What was found, how far was looked (None: to the end), and the newest position of the log."""

    events: Sequence[Logged]
    upto: int | None
    head: int


class EventLog(Protocol):
    """The log, to be looked through."""

    async def look(self, *, actor: UUID | None, stream_id: UUID | None, name: str | None, after: int, limit: int) -> Found:
        """At most `limit` events after a position that are of this actor, stream and name, where given.

        A look ends after some thousand events, whether they fit or not, and says how far it came.
        """
