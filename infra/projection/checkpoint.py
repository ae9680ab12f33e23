"""How far something has come in which log, so that a log that lost its tail is noticed (L2)."""

from typing import Any
from uuid import UUID

import msgspec

from domain.shared.event import Recorded


class Checkpoint(msgspec.Struct, frozen=True):
    """A position with the identity of its log and of the event that stands there. Position 0 is the beginning."""

    log_id: UUID
    position: int = 0
    stream_id: UUID | None = None
    version: int | None = None

    def after(self, recorded: Recorded[Any]) -> "Checkpoint":
        """The checkpoint at an event of the same log."""
        return Checkpoint(self.log_id, recorded.position, recorded.stream_id, recorded.version)
