"""Every process ends in order and in time when it is told to, whatever it is doing."""

import asyncio
import signal

import pytest

from application.shared.reaction import REACTIONS
from infra.app import ensure_admin
from tests.eventually import eventually
from tests.faults.daybook import ended, holding
from tests.faults.fold_of_the_log import models
from tests.faults.load import under_load
from tests.faults.people import people

SOON = 7.5
"""Seconds; the supervisor allows 8 before it kills, and this machine may be busy."""


@pytest.fixture(scope="module", autouse=True)
def everything(daybook):
    ensure_admin(daybook.settings)
    daybook.all("serve", "relay", "consumers", "clock", "jobs")


@pytest.mark.parametrize("name", ["relay", "consumers", "clock", "jobs", "serve"])
async def test_a_process_at_work_ends_in_time_with_exit_code_0(daybook, parts, name):
    (process,) = daybook.of(name)
    async with under_load(parts) as load:
        await load.more(50)
        seconds = await asyncio.to_thread(process.end)
    assert process.code == 0, process.log.read_text()
    assert seconds < SOON
    daybook.all(name)


async def test_whoever_ends_in_order_is_replaced_at_once(daybook, parts):
    """The lease is given back, so nobody waits until it has run out."""
    (consumers,) = daybook.of("consumers")
    await eventually(holding(consumers, len(models())))

    async def is_settled() -> bool:
        rows = await parts.log.reads("select count(*), count(*) filter (where held_until > clock_timestamp()) from read_models")
        return rows[0][0] == rows[0][1] >= len(models()) + len(REACTIONS)

    await eventually(is_settled, what="it has all leases")
    await asyncio.to_thread(consumers.end)
    assert await parts.log.reads("select model from read_models where held_until > clock_timestamp()") == []
    other = daybook.start("consumers").ready()

    async def takes_over() -> bool:
        return len(other.report()["doing"]["positions"]) > 5

    await eventually(takes_over, what="the other one has the leases")


@pytest.mark.parametrize("name", ["relay", "consumers", "clock", "jobs", "serve"])
async def test_a_process_ends_in_time_also_while_the_servers_are_gone(daybook, servers, name):
    (process,) = daybook.of(name)
    await asyncio.to_thread(servers.valkey.stop)
    await asyncio.to_thread(servers.postgres.stop)
    try:
        seconds = await asyncio.to_thread(process.end)
    finally:
        for server in (servers.postgres, servers.valkey):
            server.begin()
            server.finish()
    assert process.code == 0, process.log.read_text()
    assert seconds < SOON
    daybook.all(name)


async def test_an_api_with_waiting_requests_answers_them_and_ends_in_time(daybook):
    leaving = daybook.start("serve").ready()
    async with people(daybook.settings) as crowd:
        admin = await crowd.admin(leaving)
        node = await crowd.node(leaving, admin)
        waiting = [asyncio.create_task(node.post(leaving, "/nodes/me/claim", {"wait": 30})) for _ in range(5)]

        async def all_wait() -> bool:
            return leaving.report()["doing"]["in_flight"] >= 5

        await eventually(all_wait)
        leaving.tell(signal.SIGTERM)
        answers = await asyncio.gather(*waiting)
        await eventually(ended(leaving), SOON)
    assert leaving.code == 0
    assert [answer.status_code for answer in answers] == [503] * 5
    assert all(answer.headers["Retry-After"] for answer in answers)
