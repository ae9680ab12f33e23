"""Passes events on to whom they concern: one per process, following the log only while somebody listens."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from api.live.channel import ALL, Subscription
from api.live.circles import Circles
from api.live.line import FORBIDDEN, RESTARTING, Ending, Line
from api.live.message import Message, ended
from api.live.present import Index, Presents
from api.live.tell import Happened, tell_of
from api.live.watch import Watch
from api.shared.feed import Feed
from api.shared.parts import Parts
from domain.shared.event import BY_CLASS, Recorded
from domain.shared.refused import TooManyRequests, Unavailable

log = logging.getLogger(__name__)
LINES: Final = 5_000
OF_ONE: Final = 20
"""Connections of a process, and of one principal there."""
AT_ONCE: Final = 4
"""Clients of a process for which is read at the same time what they missed."""


class NotLive(Unavailable):
    """Live updates are not to be had at the moment; try again soon."""


class Switchboard:
    """Lines by topic. `position` is that of the event passed on last; while one is being passed on, nobody comes or goes (`passing`)."""

    def __init__(self, known: Parts) -> None:
        self.known = known
        self.lines: set[Line] = set()
        self.position = 0
        self.index: Index = defaultdict(dict)
        self.by_standing: dict[UUID, set[Line]] = defaultdict(set)
        self._following: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()
        self.passing = asyncio.Lock()
        self.replays = asyncio.Semaphore(AT_ONCE)
        self.presents = Presents(known, self.index)
        self._watch = Watch(known, self.lines, lambda: self.position)

    @property
    def feed(self) -> Feed:
        """The log as it grows; raises `NotLive` where there is none."""
        if self.known.feed is None:
            raise NotLive
        return self.known.feed

    async def join(self, line: Line) -> None:
        """Take a line in; raises `TooManyRequests`, `NotLive`."""
        own = sum(one.caller.id == line.caller.id for one in self.by_standing.get(line.caller.id, ())) if line.caller.id else 0
        if len(self.lines) >= LINES or own >= OF_ONE:
            raise TooManyRequests(f"There are {OF_ONE if own >= OF_ONE else LINES} connections already.", retry_after=5)
        self.lines.add(line)
        for one in line.stands_on:
            self.by_standing[one].add(line)
        try:
            await self._begin()
        except BaseException:
            self.leave(line)
            raise
        line.cursor = self.position

    def leave(self, line: Line) -> None:
        """A line is gone."""
        self.detach(line)
        self.lines.discard(line)
        for one in line.stands_on:
            self.by_standing[one].discard(line)
            if not self.by_standing[one]:
                del self.by_standing[one]

    def attach(self, line: Line) -> None:
        """From now on it hears of everything after its cursor; while nothing is being passed on."""
        line.is_live = True
        for topic, subscription in line.subscriptions.items():
            self.index[topic][line] = subscription

    def detach(self, line: Line) -> None:
        """It hears of nothing any more, and of everything up to its cursor it has heard; while nothing is being passed on."""
        if line.is_live:
            line.is_live, line.cursor = False, max(line.cursor, self.position)
        for topic in line.subscriptions:
            self._drop(topic, line)

    def _drop(self, topic: str, line: Line) -> None:
        found = self.index.get(topic)
        if found is not None:
            found.pop(line, None)
            if not found:
                del self.index[topic]

    async def _begin(self) -> None:
        async with self._beginning:
            if self._following is None or self._following.done():
                self.position = await self.feed.head()
                self._following = asyncio.create_task(self._follow(), name="live")

    async def _follow(self) -> None:
        circles = Circles(self.feed, self.position)
        watching = asyncio.create_task(self._watch.run(self._nobody), name="live: watch")
        try:
            async with contextlib.aclosing(self.feed.follow(self.position)) as parts:
                async for events in parts:
                    await self._pass_on(events, circles)
        except Exception:
            log.exception("live updates ended")
        finally:
            watching.cancel()
            if self._following is asyncio.current_task():
                for line in list(self.lines):
                    line.end(Ending(RESTARTING, "restarting", "Come again with the last position."))

    def _nobody(self) -> None:
        if self._following is not None and not self.lines:
            self._following.cancel()
            self._following = None

    async def _pass_on(self, events: Sequence[Recorded[Any]], circles: Circles) -> None:
        await circles.prepare(events)
        for recorded in events:
            doubtful = self.by_standing.get(recorded.stream_id)
            if doubtful:
                self._watch.ask_again(doubtful)
            async with self.passing:
                over = await tell(circles.advance(recorded), self.index, circles, self.presents)
                for line, subscription in over + await self._lost(recorded, circles):
                    self._end(line, subscription, recorded.position)
                self.position = recorded.position
        await asyncio.sleep(0)  # Those who write have their turn.

    async def _lost(self, recorded: Recorded[Any], circles: Circles) -> list[tuple[Line, Subscription]]:
        """What somebody may not follow any more who was just removed from something else."""
        how = tell_of(type(recorded.event))
        who = None if how is None else how.removes(recorded.event)
        lines = self.by_standing.get(who, ()) if who is not None else ()
        there = [(line, one) for line in lines if line.is_live for one in line.subscriptions.values()]
        return [(line, one) for line, one in there if not (await _entitled(line, one, circles))[1]]

    def _end(self, line: Line, subscription: Subscription, position: int) -> None:
        """The caller may not follow this any more."""
        self._drop(subscription.topic, line)
        if line.subscriptions.pop(subscription.topic, None) is not None:
            line.put(ended(subscription.name, position))
        if not line.subscriptions:
            line.end(Ending(FORBIDDEN, "forbidden", "Nothing is left that this caller may follow."))


async def tell(happened: Happened, index: Index, circles: Circles, presents: Presents | None = None) -> list[tuple[Line, Subscription]]:
    """Put what is told of an event into the lines of those it concerns; answers with the subscriptions that end with it."""
    recorded = happened.recorded
    how = tell_of(type(recorded.event))
    told = None if how is None or not index else how.says(happened)
    if how is None or told is None:
        return []
    there = [pair for topic in (*told.to, *(() if how.private else (ALL.topic(None),))) for pair in index.get(topic, {}).items()]
    hearing: dict[Line, list[str]] = defaultdict(list)
    over: list[tuple[Line, Subscription]] = []
    for line, subscription in there:
        if max(line.cursor, subscription.since) >= recorded.position:
            continue
        hears, stays = await _entitled(line, subscription, circles)
        if hears:
            hearing[line].append(subscription.name)
            if presents is not None:
                presents.told(subscription, recorded.position)
        if not stays:
            over.append((line, subscription))
    if hearing:
        message = Message(BY_CLASS[type(recorded.event)].name, recorded, told)
        for line, names in hearing.items():
            line.put(message.through(_sorted(names)))
    return over


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


async def _entitled(line: Line, subscription: Subscription, circles: Circles) -> tuple[bool, bool]:
    """Whether somebody hears of this event, and of those after it; who is taken off something by an event hears of that one."""
    sees, about = subscription.kind.sees, subscription.id
    if sees is None or about is None:
        return True, True
    stays = await sees(line.caller, about, circles.now)
    return stays or await sees(line.caller, about, circles.before), stays
