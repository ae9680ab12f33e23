"""Beginning to follow channels: what happened since the client was last there first, from the log, then what happens; without gap or double."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar
from uuid import UUID

from msgspec.structs import replace

from api.live.channel import Subscription, must_hear, read
from api.live.circles import Circles
from api.live.line import SUBSCRIPTIONS, TOO_SLOW, Ending, Line
from api.live.message import here, subscribed, unsubscribed
from api.live.present import Index
from api.live.switchboard import Switchboard, tell
from domain.shared.aggregate import Aggregate
from domain.shared.refused import Conflict, Invalid
from projections.shared.reading import PositionUnknown

A = TypeVar("A", bound=Aggregate)
PART: Final = 200
REMEMBERED: Final = 1_000
"""Circles remembered for one client that is told what it missed: many may be told at the same time."""
FURTHEST: Final = 1_000_000
"""Positions behind the newest from which can be resumed."""
PATIENCE: Final = 30.0
"""Seconds in which a client must take what it missed, a part at a time."""


class TooManySubscriptions(Invalid):
    """One connection follows at most 100 channels."""


class PositionTooOld(Conflict):
    """That was too long ago: read what there is, and follow on from its position."""


async def follow(board: Switchboard, line: Line, names: Sequence[str], after: int | None) -> None:
    """Subscribe a line to more channels, from a position on or from now; raises `UnknownChannel`, `TooManySubscriptions`, `PositionUnknown`,
    `PositionTooOld`, `InsufficientRole`, `InsufficientScope`, `NotFound`.
    """
    wishes = {wish.topic: wish for wish in (read(name, line.caller) for name in names)}
    if len(wishes.keys() | line.subscriptions.keys()) > SUBSCRIPTIONS:
        raise TooManySubscriptions
    await must_be_known(board, after)
    await must_hear_all(board, line, wishes.values())
    async with board.passing:
        board.detach(line)
        if not line.subscriptions:
            line.cursor = board.position if after is None else after
        since = board.position if after is None else after
        fresh = {topic: replace(wish, since=since) for topic, wish in wishes.items() if topic not in line.subscriptions}
        line.put(subscribed([*(one.name for one in line.subscriptions.values()), *(one.name for one in fresh.values())], since))
    known, upto = line.cursor, line.cursor
    if fresh and since < upto:
        line.cursor = since
        await _replay(board, line, fresh, upto)
        line.cursor = max(known, line.cursor)
    line.subscriptions |= fresh
    await _catch_up(board, line)
    for subscription in fresh.values():
        board.presents.told(subscription, board.position)
    if after is not None and line.ending is None:
        line.put(here(max(board.position, line.cursor)))  # The client may have been told a position by a command, ahead of us.


async def must_be_known(board: Switchboard, after: int | None) -> None:
    """Raises `PositionUnknown` for a position that the log has not reached, `PositionTooOld` for one too far back."""
    if after is not None and (after < 0 or (after > board.position and after > await board.feed.head())):
        raise PositionUnknown
    if after is not None and board.position - after > FURTHEST:
        raise PositionTooOld


async def must_hear_all(board: Switchboard, line: Line, wishes: Iterable[Subscription]) -> None:
    """Raises for the first that the caller may not follow."""

    async def load(kind: type[A], stream_id: UUID) -> A:
        return (await board.known.log.load(kind, stream_id))[0]

    for wish in wishes:
        await must_hear(line.caller, wish, load)


async def leave(board: Switchboard, line: Line, names: Sequence[str]) -> None:
    """Unsubscribe from channels; those that are not followed do not matter. Raises `UnknownChannel`."""
    topics = [read(name, line.caller).topic for name in names]
    async with board.passing:
        was_live = line.is_live
        board.detach(line)
        for topic in topics:
            line.subscriptions.pop(topic, None)
        if was_live:
            board.attach(line)
        line.put(unsubscribed(names))


async def _catch_up(board: Switchboard, line: Line) -> None:
    """Tell what was missed until nothing is left, and go live in the same moment."""
    while line.ending is None:
        async with board.passing:
            if line.cursor >= board.position:
                board.attach(line)
                return
            upto = board.position
        await _replay(board, line, line.subscriptions, upto)


async def _replay(board: Switchboard, line: Line, wanted: dict[str, Subscription], upto: int) -> None:
    """Tell what happened from the cursor to a position, as it was to be told then; as fast as the client takes it.

    Only reading is done by few at a time: who takes it slowly must not make others wait.
    """
    circles = Circles(board.feed, line.cursor, REMEMBERED)
    index: Index = {topic: {line: one} for topic, one in wanted.items()}
    while line.cursor < upto and line.ending is None:
        async with board.replays:
            events = [one for one in await board.feed.after(line.cursor, PART) if one.position <= upto]
            if not events:
                return
            await circles.prepare(events)
        try:
            async with asyncio.timeout(PATIENCE):
                for recorded in events:
                    # What ends nothing: who was no member then and is one now hears nothing of that time, and stays.
                    await tell(circles.advance(recorded), index, circles)
                    line.cursor = recorded.position
                    await line.room()
        except TimeoutError:
            line.end(Ending(TOO_SLOW, "too_slow", "What was missed was not taken in time; come again with the last position."))
        await asyncio.sleep(0)
