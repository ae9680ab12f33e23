"""A task that is cancelled ends, though a library answers as if nothing had happened."""

import asyncio
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis

from infra.cancellation import heeding
from infra.postgres.connections import pool
from infra.redis.clients import client


async def deaf(*_: Any, **__: Any) -> int:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return 7
    raise AssertionError("nobody sets it")


async def cancelled_once(work: Any) -> "asyncio.Task[Any]":
    task = asyncio.ensure_future(work)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return task


async def test_an_answer_does_not_hide_a_cancellation():
    assert (await cancelled_once(deaf())).result() == 7
    assert (await cancelled_once(heeding(deaf()))).cancelled()


async def test_without_a_cancellation_the_answer_is_given():
    assert await heeding(asyncio.sleep(0, 7)) == 7


async def test_a_timeout_stays_a_timeout():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await heeding(deaf())


async def test_what_a_cancelled_client_was_given_goes_back_to_the_pool(monkeypatch):
    returned = []

    async def take_back(_: Any, connection: Any) -> None:
        returned.append(connection)

    monkeypatch.setattr(AsyncConnectionPool, "getconn", deaf)
    monkeypatch.setattr(AsyncConnectionPool, "putconn", take_back)
    assert (await cancelled_once(pool("postgresql://nowhere", name="test", size=1).getconn())).cancelled()
    assert returned == [7]


async def test_a_command_to_redis_does_not_hide_it_either(monkeypatch):
    monkeypatch.setattr(Redis, "execute_command", deaf)
    assert (await cancelled_once(client("redis://nowhere").execute_command("PING"))).cancelled()
