"""The watchdog: who holds the append lock far too long is ended, who has just begun or waits for a replica is not (A7)."""

import asyncio
import os
import signal
import time
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from domain.shared.refused import Overloaded
from infra.postgres.connections import connect
from infra.postgres.log import PostgresLog
from infra.postgres.watchdog import TOO_LONG, release_stuck_lock
from tests.eventually import BUSY, eventually
from tests.infra.log.locks import TAKE, lock_holders, locks_waited_for
from tests.infra.log.toys import added, entry, total

AT_ONCE = timedelta(0)


@pytest.fixture
async def watching(database):
    async with await connect(database.app_url, name="clock") as connection:
        yield connection


@pytest.fixture
async def holding(database):
    """A session that took the append lock and did not go on; `pid` is its process."""
    connection = await connect(database.app_url, name="stuck")
    await connection.execute("begin")
    (pid,) = await (await connection.execute(TAKE)).fetchone()
    yield pid
    await connection.close()


@pytest.fixture
async def embedded(embedded_log):
    """The log on the embedded server, whose processes a test may stop."""
    log = PostgresLog(embedded_log.app_url, readers=1)
    await log.start()
    yield log
    await log.stop()


async def test_who_holds_the_lock_too_long_is_ended_and_the_others_go_on(holding, watching, postgres_log):
    waiting = asyncio.create_task(postgres_log.append(entry(postgres_log, added(stream := uuid4(), 1))))
    await eventually(lambda: locks_waited_for(watching), what="the append to wait for the lock")
    assert await release_stuck_lock(watching, AT_ONCE) == [holding]
    await waiting
    assert await total(postgres_log, stream) == (1, 1)


async def test_who_has_held_it_for_less_than_ten_seconds_is_left_alone(holding, watching):
    assert timedelta(seconds=10) == TOO_LONG
    assert await release_stuck_lock(watching) == []
    assert await lock_holders(watching) == [holding]


async def test_who_merely_waits_for_the_lock_is_left_alone(holding, watching, database):
    async with await connect(database.app_url, name="waiting") as connection:
        waiting = asyncio.create_task(connection.execute("select pg_advisory_xact_lock(7709, 1)"))
        await eventually(lambda: locks_waited_for(watching), what="the second to wait")
        assert await release_stuck_lock(watching, AT_ONCE) == [holding]
        await waiting


async def test_nobody_is_ended_when_nobody_holds_the_lock_or_another_lock_is_held(watching, database):
    async with await connect(database.app_url, name="other") as connection:
        await connection.execute("begin")
        await connection.execute("select pg_advisory_xact_lock(7709, 2), pg_advisory_xact_lock(7709)")
        assert await release_stuck_lock(watching, AT_ONCE) == []


async def test_the_lock_of_another_database_is_not_this_ones(watching, postgres_server):
    other = postgres_server.new_database()
    try:
        with psycopg.connect(other.owner_url) as connection:
            connection.execute(TAKE)
            assert await release_stuck_lock(watching, AT_ONCE) == []
    finally:
        postgres_server.drop(other)


async def test_a_backend_that_waits_for_a_replica_is_never_ended(embedded, embedded_log):
    """Its commit is on this disk already; the lock is held until a replica has it too."""
    async with await connect(embedded_log.app_url, name="clock") as watching, await super_connection(embedded_log) as boss:
        await boss.execute("alter system set synchronous_standby_names = 'nobody'")
        await boss.execute("select pg_reload_conf()")
        try:
            await eventually(lambda: standby_names(watching), what="the server to want a replica")
            waiting = asyncio.create_task(embedded.append(entry(embedded, added(stream := uuid4(), 1))))
            await eventually(lambda: lock_holders(watching, "SyncRep"), what="the append to wait for a replica")
            assert await release_stuck_lock(watching, timedelta(seconds=-60)) == []
        finally:
            await boss.execute("alter system reset synchronous_standby_names")
            await boss.execute("select pg_reload_conf()")
        await waiting
    assert await total(embedded, stream) == (1, 1)


async def test_a_backend_stopped_by_the_system_holds_up_nobody_longer_than_two_seconds(embedded, embedded_log):
    """Others are refused with 503 while it holds the lock; once told to end and running again it is gone, and they go on."""
    stuck = await connect(embedded_log.app_url, name="stuck")
    await stuck.execute("begin")
    (pid,) = await (await stuck.execute(TAKE)).fetchone()
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        early = [asyncio.create_task(refused_after(embedded, began)) for _ in range(5)]
        late = [asyncio.create_task(refused_after(embedded, began, wait=0.5)) for _ in range(5)]
        async with asyncio.timeout(4 * BUSY):
            took = await asyncio.gather(*early, *late)
        assert min(took) > 1.5
        async with await connect(embedded_log.app_url, name="clock") as watching:
            assert await release_stuck_lock(watching, AT_ONCE) == [pid]
    finally:
        os.kill(pid, signal.SIGCONT)

    async def goes_on():
        try:
            return await embedded.append(entry(embedded, added(uuid4(), 1)))
        except Overloaded:
            return None

    assert await eventually(goes_on, what="an append after the stopped backend is gone")
    await stuck.close()


async def refused_after(log, began, wait=0.0):
    """Seconds until an append is refused; `wait` puts it behind the batch that is already being written."""
    await asyncio.sleep(wait)
    with pytest.raises(Overloaded):
        await log.append(entry(log, added(uuid4(), 1)))
    return time.monotonic() - began


async def super_connection(database):
    return await psycopg.AsyncConnection.connect(database.super_url, autocommit=True)


async def standby_names(connection):
    return (await (await connection.execute("show synchronous_standby_names")).fetchone())[0]
