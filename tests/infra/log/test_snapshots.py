"""Snapshots: disposable, never wrong, and the reason why a long stream loads like a short one (C4)."""

import time
from typing import ClassVar
from uuid import uuid4

import msgspec
import psycopg
import pytest

from infra.postgres.streams import EVERY, fold_of
from tests.eventually import eventually
from tests.infra.log.toys import Counter, added, entry


class OtherCounter(Counter, frozen=True):
    """The same events, folded by other code."""


@pytest.fixture
def boss(database):
    with psycopg.connect(database.super_url, autocommit=True) as connection:
        yield connection


async def grown(log, stream, upto, since=0):
    """A stream with `upto` events."""
    for first in range(since + 1, upto + 1, 1000):
        last = min(first + 999, upto)
        await log.append(entry(log, *(added(stream, version) for version in range(first, last + 1))))


def kept(boss, stream):
    rows = boss.execute("select version from daybook.snapshots where stream_id = %s order by version", (stream,)).fetchall()
    return [row[0] for row in rows]


async def snapshot_at(log, boss, stream, version):
    """Load, and wait until the snapshot that this load takes is there."""
    state, _ = await log.load(Counter, stream)
    assert state.version == version

    async def there():
        return version in kept(boss, stream)

    await eventually(there, what=f"the snapshot at version {version}")


async def test_a_short_stream_has_no_snapshot_and_a_long_one_keeps_the_last_two(postgres_log, boss):
    stream = uuid4()
    await grown(postgres_log, stream, EVERY - 1)
    assert (await postgres_log.load(Counter, stream))[0].total == EVERY - 1
    await grown(postgres_log, stream, EVERY, since=EVERY - 1)
    for times in (1, 2, 3):
        await grown(postgres_log, stream, EVERY * times, since=max(EVERY, EVERY * (times - 1)))
        await snapshot_at(postgres_log, boss, stream, EVERY * times)
    assert kept(boss, stream) == [EVERY * 2, EVERY * 3]


async def test_loading_goes_on_from_the_newest_snapshot(postgres_log, boss):
    stream = uuid4()
    await grown(postgres_log, stream, EVERY)
    await snapshot_at(postgres_log, boss, stream, EVERY)
    marked = msgspec.json.encode(Counter(id=stream, version=EVERY, total=1_000_000))
    boss.execute("update daybook.snapshots set state = %s where stream_id = %s", (marked, stream))
    await grown(postgres_log, stream, EVERY + 1, since=EVERY)
    state, position = await postgres_log.load(Counter, stream)
    assert (state.total, state.version) == (1_000_001, EVERY + 1)
    boss.execute("delete from daybook.snapshots where stream_id = %s", (stream,))
    assert await postgres_log.load(Counter, stream) == (Counter(id=stream, version=EVERY + 1, total=EVERY + 1), position)


async def test_many_streams_are_loaded_as_each_would_be_alone(postgres_log, boss):
    streams = [uuid4() for _ in range(4)]
    for stream in streams[:3]:
        await grown(postgres_log, stream, EVERY)
        await snapshot_at(postgres_log, boss, stream, EVERY)
    marked = msgspec.json.encode(Counter(id=streams[0], version=EVERY, total=1_000_000))
    boss.execute("update daybook.snapshots set state = %s where stream_id = %s", (marked, streams[0]))
    boss.execute("update daybook.snapshots set state = 'nonsense' where stream_id = %s", (streams[1],))
    await grown(postgres_log, streams[0], EVERY + 3, since=EVERY)
    loaded = await postgres_log.load_many(Counter, streams)
    assert [state.total for state, _ in loaded] == [1_000_003, EVERY, EVERY, 0]
    assert loaded == [await postgres_log.load(Counter, stream) for stream in streams]


async def test_the_position_of_a_stream_that_is_all_snapshot_is_that_of_its_last_event(postgres_log, boss):
    stream = uuid4()
    await grown(postgres_log, stream, EVERY)
    before = await postgres_log.load(Counter, stream)
    await snapshot_at(postgres_log, boss, stream, EVERY)
    assert await postgres_log.load(Counter, stream) == before


async def test_another_fold_does_not_read_this_ones_snapshots(postgres_log, boss):
    stream = uuid4()
    await grown(postgres_log, stream, EVERY)
    await snapshot_at(postgres_log, boss, stream, EVERY)
    boss.execute("update daybook.snapshots set state = 'nonsense' where stream_id = %s", (stream,))
    assert fold_of(Counter) != fold_of(OtherCounter)
    assert (await postgres_log.load(OtherCounter, stream))[0].total == EVERY


async def test_a_snapshot_of_an_event_that_is_not_in_the_log_is_not_used(postgres_log, boss):
    stream = uuid4()
    await grown(postgres_log, stream, EVERY)
    await snapshot_at(postgres_log, boss, stream, EVERY)
    lost = msgspec.json.encode(Counter(id=stream, version=EVERY, total=-1))
    boss.execute("update daybook.snapshots set state = %s, position = position + 1 where stream_id = %s", (lost, stream))
    assert (await postgres_log.load(Counter, stream))[0].total == EVERY
    boss.execute("update daybook.snapshots set version = version + 50 where stream_id = %s", (stream,))
    assert (await postgres_log.load(Counter, stream))[0].total == EVERY


async def test_a_snapshot_that_cannot_be_read_is_passed_over(postgres_log, boss):
    stream = uuid4()
    await grown(postgres_log, stream, EVERY)
    await snapshot_at(postgres_log, boss, stream, EVERY)
    boss.execute("update daybook.snapshots set state = 'nonsense' where stream_id = %s", (stream,))
    assert (await postgres_log.load(Counter, stream))[0].total == EVERY


async def test_a_snapshot_that_cannot_be_kept_disturbs_nobody(postgres_log, boss):
    stream = uuid4()
    await grown(postgres_log, stream, EVERY)
    boss.execute("revoke insert on daybook.snapshots from daybook_app")
    try:
        assert (await postgres_log.load(Counter, stream))[0].total == EVERY
        await postgres_log._streams.stop()
    finally:
        boss.execute("grant insert on daybook.snapshots to daybook_app")
    assert kept(boss, stream) == []


class Busy(Counter, frozen=True):
    """A counter that many add to."""

    busy: ClassVar[bool] = True


async def test_of_a_busy_stream_only_what_came_after_what_is_known_is_read(postgres_log, boss):
    stream = uuid4()
    await grown(postgres_log, stream, 3)
    before = await postgres_log.load(Busy, stream)
    boss.execute("alter table daybook.events disable trigger all")
    boss.execute("update daybook.events set type = 'nonsense' where stream_id = %s and version < 3", (stream,))
    await grown(postgres_log, stream, 5, since=3)
    state, position = await postgres_log.load(Busy, stream)
    assert (state.total, state.version, position) == (5, 5, before[1] + 2)
    assert await postgres_log.load_many(Busy, [stream]) == [(state, position)]


async def test_what_was_known_of_a_log_that_lost_it_is_forgotten(postgres_log, boss):
    stream = uuid4()
    await grown(postgres_log, stream, 5)
    assert (await postgres_log.load(Busy, stream))[0].total == 5
    boss.execute("alter table daybook.events disable trigger all")
    boss.execute("delete from daybook.events where stream_id = %s and version > 3", (stream,))
    assert (await postgres_log.load(Busy, stream))[0].version == 3


async def test_what_was_known_of_a_log_that_says_something_else_in_the_same_place_is_forgotten(postgres_log, boss):
    stream = uuid4()
    await grown(postgres_log, stream, 5)
    assert (await postgres_log.load(Busy, stream))[0].total == 5
    boss.execute("alter table daybook.events disable trigger all")
    boss.execute("update daybook.events set data = %s where stream_id = %s and version = 5", (b'{"amount":10}', stream))
    assert (await postgres_log.load(Busy, stream))[0].total == 14


async def test_a_stream_of_10000_events_loads_about_as_fast_as_one_of_10(postgres_log, boss):
    short, long = uuid4(), uuid4()
    await grown(postgres_log, short, 10)
    await grown(postgres_log, long, 10_000)
    await snapshot_at(postgres_log, boss, long, 10_000)
    await grown(postgres_log, long, 10_010, since=10_000)

    async def seconds(stream):
        began = time.perf_counter()
        for _ in range(20):
            await postgres_log.load(Counter, stream)
        return time.perf_counter() - began

    async def alike() -> bool:
        return await seconds(long) < 4 * await seconds(short) + 0.02

    await seconds(short)
    await eventually(alike, 1)
