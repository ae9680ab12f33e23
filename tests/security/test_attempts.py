"""What counting failed attempts promises, in memory and in Redis alike (security.md 7)."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.shared.refused import TooManyRequests
from infra.memory.attempts import MemoryAttempts
from infra.redis import fallback
from infra.redis.attempts import RedisAttempts
from infra.redis.clients import client
from infra.security.sealing import AesSealing
from tests.eventually import eventually
from tests.security.gate import Gate

SEALING = AesSealing([b"m" * 32], b"n" * 32)


@pytest.fixture(params=["memory", "redis"])
async def attempts(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    if request.param == "memory":
        yield MemoryAttempts()
        return
    redis = client(request.getfixturevalue("servers").empty_redis())
    yield RedisAttempts(redis, SEALING)
    await redis.aclose()


async def pause(attempts: Any, account: str, address: str) -> int:
    """Seconds to wait; 0: none."""
    try:
        await attempts.must_wait(account, address)
    except TooManyRequests as refused:
        return int(refused.facts["retry_after"])
    return 0


@pytest.mark.server
async def test_after_five_failures_pauses_double_up_to_a_quarter_of_an_hour(attempts):
    pauses = []
    for _ in range(20):
        await attempts.failed("ada", "192.0.2.1")
        pauses.append(await pause(attempts, "ada", "192.0.2.1"))
    assert pauses == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, *[900] * 6]


@pytest.mark.server
async def test_a_pause_passes(attempts):
    for _ in range(5):
        await attempts.failed("ada", "192.0.2.1")
    began = time.monotonic()

    async def over() -> bool:
        return await pause(attempts, "ada", "192.0.2.1") == 0

    await eventually(over, 3)
    assert time.monotonic() - began > 0.9


@pytest.mark.server
async def test_success_begins_anew(attempts):
    for _ in range(6):
        await attempts.failed("ada", "192.0.2.1")
    await attempts.succeeded("ada", "192.0.2.1")
    assert await pause(attempts, "ada", "192.0.2.1") == 0
    for _ in range(4):
        await attempts.failed("ada", "192.0.2.1")
    assert await pause(attempts, "ada", "192.0.2.1") == 0


@pytest.mark.server
async def test_other_accounts_and_other_addresses_go_on(attempts):
    for _ in range(12):
        await attempts.failed("ada", "192.0.2.1")
    assert await pause(attempts, "bob", "192.0.2.1") == 0
    assert await pause(attempts, "ada", "192.0.2.2") == 0
    assert await pause(attempts, "ada", "192.0.2.1") > 0


@pytest.mark.server
async def test_an_attack_from_many_addresses_slows_new_places_a_little_and_the_owners_not_at_all(attempts):
    await attempts.succeeded("ada", "192.0.2.1")
    for number in range(200):
        await attempts.failed("ada", f"198.51.100.{number}")
    assert 0 < await pause(attempts, "ada", "203.0.113.1") <= 10
    assert await pause(attempts, "ada", "192.0.2.1") == 0


@pytest.mark.server
async def test_an_attack_on_many_accounts_slows_its_address_for_all_but_those_who_live_there(attempts):
    await attempts.succeeded("ada", "192.0.2.1")
    for number in range(80):
        await attempts.failed(f"somebody {number}", "192.0.2.1")
    assert 0 < await pause(attempts, "nobody yet", "192.0.2.1") <= 60
    assert await pause(attempts, "ada", "192.0.2.1") == 0
    assert await pause(attempts, "nobody yet", "192.0.2.2") == 0


@pytest.mark.server
async def test_failures_of_an_owner_at_home_slow_nobody_elsewhere(attempts):
    await attempts.succeeded("ada", "192.0.2.1")
    for _ in range(60):
        await attempts.failed("ada", "192.0.2.1")
    assert await pause(attempts, "ada", "192.0.2.2") == 0
    assert await pause(attempts, "bob", "192.0.2.1") == 0


@pytest.mark.server
async def test_one_network_of_64_bits_is_one_address(attempts):
    for number in range(6):
        await attempts.failed("ada", f"2001:db8::{number}")
    assert await pause(attempts, "ada", "2001:db8::ffff") > 0
    assert await pause(attempts, "ada", "2001:db8:0:1::1") == 0


async def test_failures_are_forgotten_half_an_hour_after_the_last():
    now = [0.0]
    attempts = MemoryAttempts(lambda: now[0])
    for _ in range(8):
        await attempts.failed("ada", "192.0.2.1")
    now[0] = 1801.0
    for _ in range(4):
        await attempts.failed("ada", "192.0.2.1")
    assert await pause(attempts, "ada", "192.0.2.1") == 0


async def test_redis_keeps_nothing_for_ever_and_no_name_in_clear(redis_url):
    redis = client(redis_url)
    attempts = RedisAttempts(redis, SEALING)
    for _ in range(6):
        await attempts.failed("ada@example.org", "192.0.2.1")
    await attempts.succeeded("bob@example.org", "192.0.2.2")
    keys = [key async for key in redis.scan_iter("*")]
    assert len(keys) == 5
    for key in keys:
        assert not any(word in key for word in (b"ada", b"bob", b"example", b"192.0"))
        assert 0 < await redis.pttl(key) <= 30 * 86_400_000
    await redis.aclose()


async def test_no_failure_is_lost_however_many_come_at_once_over_several_processes(redis_url):
    several = [client(redis_url) for _ in range(3)]
    attempts = [RedisAttempts(redis, SEALING) for redis in several]
    await asyncio.gather(*(one.failed("ada", "192.0.2.1") for one in attempts for _ in range(4)))
    assert [await pause(one, "ada", "192.0.2.1") for one in attempts] == [128, 128, 128]
    for redis in several:
        await redis.aclose()


@pytest.mark.parametrize("how", ["broken", "stuck"])
async def test_without_redis_each_process_counts_alone(redis_url, how, caplog, monkeypatch):
    monkeypatch.setattr(fallback, "PATIENCE", 0.5)
    monkeypatch.setattr(fallback, "AWAY", 600)
    caplog.set_level(logging.WARNING)
    async with Gate(redis_url).running() as gate:
        redis = client(gate.url)
        attempts = RedisAttempts(redis, SEALING)
        await attempts.failed("ada", "192.0.2.1")
        gate.shut(how)
        began = time.monotonic()
        for _ in range(7):
            await attempts.failed("ada", "192.0.2.1")
        assert await pause(attempts, "ada", "192.0.2.1") == 4
        await attempts.succeeded("ada", "192.0.2.1")
        assert await pause(attempts, "ada", "192.0.2.1") == 0
        assert time.monotonic() - began < 3, "it was asked each time"
        assert len([record for record in caplog.records if record.message.startswith("Redis is away")]) == 1
        await redis.aclose()
