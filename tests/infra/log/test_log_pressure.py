"""A log under pressure: queues are bounded, stopping loses nothing, and long transactions of others are harmless."""

import asyncio
import time
from uuid import uuid4

import psycopg
import pytest

from domain.shared.refused import Overloaded
from infra.postgres import appender
from infra.postgres.connections import connect
from infra.postgres.log import PostgresLog
from tests.eventually import BUSY, eventually
from tests.infra.log.locks import TAKE, locks_waited_for
from tests.infra.log.toys import added, entry, new_key, total


async def test_too_many_waiting_commands_are_refused_before_they_are_queued(database, postgres_log):
    async with await connect(database.app_url, name="watching") as watching, await connect(database.app_url, name="holder") as holder:
        await holder.execute("begin")
        await holder.execute(TAKE)
        ended: list[int] = []
        first = asyncio.create_task(refused(postgres_log, -1, ended))
        await eventually(lambda: locks_waited_for(watching), what="the first to wait for the lock")
        async with asyncio.timeout(4 * BUSY):
            await asyncio.gather(*(refused(postgres_log, nth, ended) for nth in range(appender.WAITING + 10)))
            await first
        assert ended[:10] == list(range(appender.WAITING, appender.WAITING + 10)), "these were not even queued"
        assert len(ended) == appender.WAITING + 11
    assert postgres_log.appender.depth == 0
    await postgres_log.append(entry(postgres_log, added(uuid4(), 1)))


async def refused(log, nth, ended):
    with pytest.raises(Overloaded):
        await log.append(entry(log, added(uuid4(), 1)))
    ended.append(nth)


async def test_stopping_writes_what_was_accepted(database):
    log = PostgresLog(database.app_url, readers=1)
    await log.start()
    stream = uuid4()
    accepted = [asyncio.create_task(log.append(entry(log, added(stream, version)))) for version in range(1, 51)]
    await asyncio.sleep(0)
    await log.appender.stop()
    assert len({written.position for written in await asyncio.gather(*accepted)}) == 50
    with pytest.raises(Overloaded):
        await log.append(entry(log, added(stream, 51)))
    assert await total(log, stream) == (50, 50)
    await log.stop()


async def test_an_idle_transaction_and_a_long_reader_neither_block_nor_slow_appends(database, postgres_log):
    await seconds_for_appends(postgres_log)  # warm
    alone = min([await seconds_for_appends(postgres_log) for _ in range(3)])
    async with (
        await psycopg.AsyncConnection.connect(database.super_url) as idle,
        await psycopg.AsyncConnection.connect(database.super_url) as reader,
    ):
        await idle.execute("set transaction isolation level repeatable read")
        await idle.execute("select count(*) from daybook.events")
        await reader.execute("declare slow cursor for select * from daybook.events")
        await reader.execute("fetch 10 from slow")
        reading = asyncio.create_task(reader.execute("select count(*), pg_sleep(60) from daybook.events"))

        async def not_slowed() -> bool:
            return await seconds_for_appends(postgres_log) < 4 * alone + 0.1

        await eventually(not_slowed, 3)  # What else the machine does slows some of them.
        assert not reading.done()
        reader.cancel()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await reading


async def seconds_for_appends(log):
    began = time.monotonic()
    for _ in range(60):
        await log.append(entry(log, added(uuid4(), 1), key=new_key()))
    return time.monotonic() - began
