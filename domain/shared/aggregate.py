"""The consistency boundary: state folded from one stream's events, holding only what a decision reads."""

from collections.abc import Callable
from typing import Any, ClassVar, Final, Self
from uuid import UUID

import msgspec

from domain.shared.event import Event

NOBODY: Final = UUID(int=0)
"""The id of nobody and nothing: what stands in a state that has not begun."""


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """State of one stream after `version` events; version 0 is the stream that has not begun."""

    busy: ClassVar[bool] = False
    """Many commands meet on one stream of this kind: its state is worth keeping in memory, so that only what came after it is read."""

    id: UUID
    version: int = 0

    @property
    def exists(self) -> bool:
        """Whether its stream has begun; an id may also belong to a stream of another kind, which a view must tell."""
        return self.version > 0

    def evolve(self, event: Event) -> Self:
        """The state after one more event. Never refuses: what is in the log happened."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it evolves")  # pragma: no cover

    def stamped(self, event: Event) -> Event:
        """The event as it is recorded, with what every event of this stream says beside its own facts."""
        return event

    def but(self, **changes: Any) -> Self:
        """The same state with some fields changed."""
        return msgspec.structs.replace(self, **changes)

    def after(self, *events: Event) -> Self:
        """The state and version after several events, in order."""
        state = self
        for event in events:
            state = state.evolve(event)
        return msgspec.structs.replace(state, version=self.version + len(events))

    def in_turn(self, *decisions: Callable[[Self], list[Event]]) -> list[Event]:
        """What several decisions come to, each made on what those before it left; raises the first refusal."""
        state, events = self, list[Event]()
        for decide in decisions:
            new = decide(state)
            state, events = state.after(*new), events + new
        return events
