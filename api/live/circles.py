"""Whom things concern, as of one position of the log: folded forward event by event, read from the log where it is not known."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from api.live.tell import Happened, tell_of
from api.shared.feed import Feed
from domain.shared.aggregate import Aggregate
from domain.shared.event import Recorded

A = TypeVar("A", bound=Aggregate)
MOST: Final = 20_000
"""Circles remembered; those not heard of for longest are forgotten and read again."""


class Circles:
    """The answer for an event is that of its position, whether it is told live or at a resume much later."""

    def __init__(self, feed: Feed, position: int, most: int = MOST) -> None:
        self._feed = feed
        self._position = position
        self._most = most
        self._known: OrderedDict[tuple[type[Aggregate], UUID], Aggregate] = OrderedDict()
        self._before: Aggregate | None = None

    async def prepare(self, events: Sequence[Recorded[Any]]) -> None:
        """Read in one go what the next events need; they follow what was last passed on."""
        missing: dict[tuple[type[Aggregate], UUID], None] = {}
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        for recorded in events:
            tell = tell_of(type(recorded.event))
            if tell is None or tell.circle is None:
                continue
            key = tell.circle, tell.about(recorded)
            if key in self._known:
                self._known.move_to_end(key)
            elif recorded.version == 1 and key[1] == recorded.stream_id:
                self._known[key] = tell.circle(id=key[1])
            else:
                missing[key] = None
        if missing:
            self._known.update({key: key[0](id=key[1]) for key in missing})
            kinds = {stream_id: kind for kind, stream_id in missing}
            for recorded in await self._feed.streams(list(kinds), events[0].position - 1):
                key = kinds[recorded.stream_id], recorded.stream_id
                self._known[key] = self._known[key].after(recorded.event)

    def advance(self, recorded: Recorded[Any]) -> Happened:
        """Pass one prepared event on."""
        self._position, self._before = recorded.position, None
        tell = tell_of(type(recorded.event))
        if tell is None or tell.circle is None:
            return Happened(recorded)
        key = tell.circle, tell.about(recorded)
        before = after = self._known[key]
        if key[1] == recorded.stream_id:
            after = self._known[key] = before.after(recorded.event)
            self._before = before
        return Happened(recorded, before, after)

    async def now(self, kind: type[A], stream_id: UUID) -> A:
        """A circle after the event that was last passed on."""
        key = kind, stream_id
        found = self._known.get(key)
        if found is None:
            found = kind(id=stream_id)
            for recorded in await self._feed.streams([stream_id], self._position):
                found = found.after(recorded.event)
            self._known[key] = found
        return found  # type: ignore[return-value]  # It is kept under its kind.

    async def before(self, kind: type[A], stream_id: UUID) -> A:
        """A circle as it was just before that event."""
        if isinstance(self._before, kind) and self._before.id == stream_id:
            return self._before
        return await self.now(kind, stream_id)
