"""Reads that travel together are answered each by itself."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from infra.postgres import pipeline
from infra.postgres.connections import connect
from infra.postgres.hot_reads import HotReads
from tests.servers import Database


@pytest.fixture
async def reads(database: Database) -> AsyncIterator[HotReads]:
    opened = HotReads(lambda: connect(database.app_url, name="reads"))
    yield opened
    await opened.stop()


async def test_each_of_many_reads_gets_its_own_rows(reads: HotReads):
    told = await asyncio.gather(*(reads("select %b::int + n from generate_series(1, 2) n", number) for number in range(500)))
    assert told == [[(number + 1,), (number + 2,)] for number in range(500)]


async def test_answers_larger_than_any_buffer_come_whole(reads: HotReads):
    told = await asyncio.gather(*(reads("select repeat(%b, %b)", letter, 1_000_000) for letter in "abc"))
    assert [rows[0][0] for rows in told] == [letter * 1_000_000 for letter in "abc"]


async def test_what_is_asked_may_be_larger_than_any_buffer(reads: HotReads):
    told = await asyncio.gather(*(reads("select octet_length(%b)", bytes(3_000_000)) for _ in range(4)))
    assert told == [[(3_000_000,)]] * 4


async def test_a_read_that_fails_fails_alone(reads: HotReads):
    told = await asyncio.gather(
        reads("select 1"),
        reads("select %b::int / 0", 1),
        reads("select no_such_column"),
        reads("select 2"),
        reads("select %b", object()),
        reads("select 3"),
        return_exceptions=True,
    )
    assert [told[nth] for nth in (0, 3, 5)] == [[(1,)], [(2,)], [(3,)]]
    assert isinstance(told[1], psycopg.errors.DivisionByZero)
    assert isinstance(told[2], psycopg.errors.UndefinedColumn)
    assert isinstance(told[4], psycopg.ProgrammingError)
    assert await reads("select %b::int / 2", 4) == [(2,)]


async def test_who_hangs_up_disturbs_nobody(reads: HotReads):
    gone = asyncio.create_task(reads("select pg_sleep(0.1)"))
    stays = asyncio.create_task(reads("select 1"))
    await asyncio.sleep(0.02)
    gone.cancel()
    assert await stays == [(1,)]
    assert await reads("select 2") == [(2,)]


async def test_a_read_whose_connection_is_killed_is_answered_by_another(reads: HotReads, database: Database):
    slow = [asyncio.create_task(reads("select pg_sleep(0.3)")) for _ in range(3)]
    await asyncio.sleep(0.15)
    async with await psycopg.AsyncConnection.connect(database.super_url, autocommit=True) as other:
        await other.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'daybook-reads'")
    assert len(await asyncio.gather(*slow)) == 3


async def test_an_idle_connection_that_was_killed_costs_nothing(reads: HotReads, database: Database):
    await reads("select 1")
    async with await psycopg.AsyncConnection.connect(database.super_url, autocommit=True) as other:
        await other.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'daybook-reads'")
    assert await reads("select 2") == [(2,)]


async def test_without_a_server_a_read_is_refused_in_time():
    async def nowhere() -> psycopg.AsyncConnection:
        raise psycopg.OperationalError("nobody answers")

    reads = HotReads(nowhere, patience=0.2)
    with pytest.raises(PoolTimeout):
        await reads("select 1")
    await reads.stop()


async def test_a_server_that_does_not_answer_is_given_up_and_others_are_asked(reads: HotReads, monkeypatch):
    monkeypatch.setattr(pipeline, "STALLED", 0.2)
    stuck = asyncio.create_task(reads("select pg_sleep(20)"))
    with pytest.raises(psycopg.OperationalError, match="no answer"):
        await asyncio.wait_for(stuck, 5)
    assert await reads("select 1") == [(1,)]
