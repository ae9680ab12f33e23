"""Under every fault, the read models end equal to the fold of the log, and nobody restarts anything by hand."""

import asyncio
import signal
from typing import Any

import pytest
import redis

from infra.broker.chunk import STREAM
from tests.eventually import eventually
from tests.faults.daybook import Daybook, asleep, ended, holding, shows
from tests.faults.fold_of_the_log import models
from tests.faults.load import under_load


@pytest.fixture(autouse=True)
def everything(daybook: Daybook) -> Daybook:
    """Two of each kind, whatever became of them in the test before."""
    kinds = ("relay", "consumers", "clock")
    daybook.all(*(name for name in kinds for _ in range(2 - len(daybook.of(name)))))
    return daybook


@pytest.fixture
def cache(everything):
    with redis.Redis.from_url(everything.settings.redis_url) as client:
        yield client


async def test_two_relays_two_consumers_and_two_clocks_come_to_the_same_as_one(parts, checker):
    async with under_load(parts) as load:
        await load.more(300)
    log = await checker.agrees()
    assert len(log) > 300


async def test_redis_emptied_under_load_is_filled_again(parts, checker, cache):
    async with under_load(parts) as load:
        await load.more(100)
        cache.flushall()
        await load.more(100)
        cache.flushall()
        await load.more(50)
    await checker.agrees()


async def test_lost_parts_of_a_redis_read_model_are_noticed(parts, checker, cache):
    async with under_load(parts) as load:
        await load.more(50)
        for name in cache.keys("*:rows"):
            cache.hdel(name, *cache.hkeys(name)[:3])
        cache.delete(*cache.keys("*chain_redis*:meta"))
        await load.more(50)
    await checker.agrees()


async def test_a_deleted_stream_and_messages_that_are_none_do_no_harm(parts, checker, cache):
    async with under_load(parts) as load:
        await load.more(50)
        cache.delete(STREAM)
        await load.more(50)
        for nonsense in ({"__data__": b"nonsense"}, {"other": b"nonsense"}, {"__data__": b""}):
            cache.xadd(STREAM, nonsense)
        await load.more(50)
        cache.delete(STREAM)
        cache.set(STREAM, "no stream at all")
        await load.more(50)
        cache.delete(STREAM)
        await load.more(50)
    await checker.agrees()


async def test_every_chunk_three_times_and_shuffled_changes_nothing(everything, parts, checker):
    everything.stop(*everything.of("consumers"), *everything.of("clock"))
    relay = everything.start("relay", "tests.faults.faulty:shuffling_relay").ready()
    async with under_load(parts) as load:
        await load.more(400)
    await checker.agrees()
    relay.end()


async def test_a_killed_relay_costs_latency_only(everything, parts, checker):
    async with under_load(parts) as load:
        await load.more(50)
        leader = next(relay for relay in everything.of("relay") if relay.report()["doing"]["leads"])
        leader.end(signal.SIGKILL)
        await load.more(50)
        for relay in everything.of("relay"):
            relay.end(signal.SIGKILL)
        await load.more(50)
    await checker.agrees()


@pytest.mark.parametrize("moment", ["before_the_write", "after_the_write", "in_redis", "after_a_reaction"])
async def test_a_consumer_killed_in_the_middle_of_a_batch_leaves_it_to_the_next(everything, parts, checker, moment):
    everything.stop(*everything.of("relay"), *everything.of("clock"))
    dying = everything.start("consumers", f"tests.faults.faulty:consumers_dying_{moment}")
    async with under_load(parts):
        await eventually(ended(dying), 20, "it dies")
        everything.start("consumers")
    await checker.agrees()
    assert dying.code == -signal.SIGKILL


async def test_consumers_killed_again_and_again_under_load_fold_every_event_once(everything, parts, checker):
    async with under_load(parts) as load:
        for consumers in [everything.start("consumers"), *everything.of("consumers")]:
            await load.more(60)
            consumers.end(signal.SIGKILL)
            everything.start("consumers")
    await checker.agrees()


async def test_a_consumer_that_slept_beyond_its_lease_writes_nothing_any_more(everything, parts, checker):
    everything.stop(*everything.of("relay"))
    sleeper = everything.start("consumers", "tests.faults.faulty:consumers_sleeping_before_a_write")
    async with under_load(parts) as load:
        await eventually(asleep(sleeper), 20, "it sleeps, with a write half done")
        other = everything.start("consumers").ready()
        await load.more(50)
        head = (await parts.reader.head()).position
        await eventually(shows(other, "chain_postgres", head), 20, "the other one took over, and wrote what a late write would undo")
        sleeper.tell(signal.SIGCONT)
        await load.more(50)
        # And back: what the first one remembers of before its sleep must not count any more.
        other.end()
        await eventually(holding(sleeper, len(models())), 20, "the first one has everything again")
        await load.more(50)
    await checker.agrees()
    sleeper.end()


async def test_redis_down_for_seconds_costs_latency_only(parts, checker, servers):
    async with under_load(parts) as load:
        await load.more(50)
        servers.valkey.stop()
        await load.more(100)
        restart(servers.valkey)
        await load.more(50)
    await checker.agrees()
    servers.valkey._server.send_signal(signal.SIGSTOP)
    async with under_load(parts) as load:
        await load.more(100)
        servers.valkey._server.send_signal(signal.SIGCONT)
    await checker.agrees()


async def test_postgresql_restarted_under_load_costs_latency_only(parts, checker, servers):
    async with under_load(parts) as load:
        await load.more(50)
        await asyncio.to_thread(servers.postgres.stop)
        restart(servers.postgres)
        await load.more(100)
    await checker.agrees(30)


def restart(server: Any) -> None:
    """Never from another thread: the kernel ends a server when the thread that started it does."""
    server.begin()
    server.finish()
