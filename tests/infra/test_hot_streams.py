"""What a process keeps of streams it is writing to: the newest state, and no more of the others than it must."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from application.shared.context import SYSTEM, Context
from application.shared.ports import Entry
from domain.shop.stock import Stock
from infra.postgres import hot_streams
from infra.postgres.batch import Verdict
from infra.postgres.hot_streams import HotStreams

LAMP = UUID(int=70)


def entry(version: int) -> Entry:
    """Something is written to one stream."""
    return Entry(
        context=Context(SYSTEM, UUID(int=version)), decided_at=datetime(2026, 3, 1, tzinfo=UTC), states={LAMP: Stock(id=LAMP, version=version)}
    )


async def written(streams: HotStreams, outcomes: list[str]) -> list[Entry]:
    """One entry after the other, each decided before the one before it is written."""
    entries, last = [], None
    for nth, outcome in enumerate(outcomes, 1):
        entries.append(entry(nth))
        done = asyncio.get_running_loop().create_future()
        streams.join(entries[-1], done)
        if last is not None:
            last[0].set_result(Verdict(last[1], 1, b"", 0, None))
        last = done, outcome
        await asyncio.sleep(0)
    return entries


async def test_of_a_stream_that_is_hot_all_day_only_what_is_not_written_yet_is_kept():
    streams = HotStreams()
    await written(streams, ["ok"] * 500)
    assert len(streams._hot[LAMP].states) == 1


async def test_what_was_decided_on_something_lost_is_lost_and_what_was_written_before_is_not():
    streams = HotStreams()
    first, second, *_ = await written(streams, ["ok", "conflict", "ok", "ok"])
    assert await streams.settled([], [first.states[LAMP]])
    assert not await streams.settled([], [second.states[LAMP]])
    assert streams.state(LAMP) is not second.states[LAMP]


async def test_what_was_lost_is_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch):
    streams = HotStreams()
    await written(streams, ["conflict"] * 10)
    assert streams._lost
    monkeypatch.setattr(hot_streams, "WHILE", -1.0)
    await written(streams, ["ok"])
    assert not streams._lost
