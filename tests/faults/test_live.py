"""What listening clients are promised by several API processes, whatever is killed or emptied meanwhile: each event once, in order."""

import asyncio
import signal
import sys
from collections import Counter

import pytest
import redis

from infra.app import ensure_admin
from infra.broker.chunk import STREAM
from tests.eventually import eventually
from tests.faults.people import people
from tests.live.clients import listens

TASKS, TAGS = 400, 5
Told = tuple[str, int]
"""Id and version: which event it was."""


@pytest.fixture(scope="module")
def apis(daybook):
    ensure_admin(daybook.settings)
    daybook.all("serve", "serve", "relay", "consumers")
    return daybook.of("serve")


@pytest.fixture
async def crowd(daybook, apis):
    assert apis
    async with people(daybook.settings) as made:
        yield made


def told(message: dict) -> Told:
    return message["id"], message["version"]


async def burst(apis, user, count: int, tags: int = 0) -> list[Told]:
    """Tasks created through both processes, twenty at a time, and then tagged in batches; what is to be told of that."""
    ids: list[str] = []
    numbers = iter(range(count))

    async def one_after_another() -> None:
        for nth in numbers:
            made = await user.post(apis[nth % 2], "/tasks", {"title": f"Task {nth}"})
            assert made.status_code == 201, made.text
            ids.append(made.json()["id"])

    async def tag(nth: int, part: list[str]) -> None:
        done = await user.post(apis[nth % 2], "/tasks/batch", {"tasks": part, "action": "add_tag", "tag": f"tag-{nth}"})
        assert [one["success"] for one in done.json()["results"]] == [True] * len(part)

    await asyncio.gather(*(one_after_another() for _ in range(20)))
    for nth in range(tags):
        await asyncio.gather(*(tag(nth, ids[at : at + 50]) for at in range(0, count, 50)))
    return [(one, version) for one in ids for version in range(1, tags + 2)]


class Killed:
    """A client that is killed again and again, and comes back with its last position, now here, now there."""

    def __init__(self, apis, headers, position) -> None:
        self.apis, self.headers, self.position = apis, headers, position
        self.heard: list[dict] = []
        self.kills = 0

    async def hear(self, count: int, life: int) -> None:
        """Until it heard of so many; it is killed after each `life` messages."""
        while len(self.heard) < count:
            base = self.apis[self.kills % 2].url
            async with listens(base, "tasks", headers=self.headers, after=self.position) as listener:
                while len(listener.events) < min(life, count - len(self.heard)):
                    await listener.next(20)
                listener.socket.transport.abort()
            self.heard += listener.events
            self.position = listener.position
            self.kills += 1


async def test_a_client_killed_again_and_again_in_a_burst_over_two_processes_hears_of_everything_once(apis, crowd, capsys):
    ada, eve = await crowd.register(apis[0]), await crowd.register(apis[1])
    async with listens(apis[0].url, "tasks", headers=ada._headers) as listener:
        position = (await listener.hears("live.subscribed"))["position"]
    client = Killed(apis, ada._headers, position)
    async with listens(apis[1].url, "tasks", headers=eve._headers) as stranger:
        async with asyncio.timeout(120):
            events = TASKS * (1 + TAGS)
            made, others, _ = await asyncio.gather(burst(apis, ada, TASKS, TAGS), burst(apis, eve, 20), client.hear(events, 170))
        heard = Counter(map(told, client.heard))
        while len(stranger.events) < len(others):
            await stranger.next()
        assert set(map(told, stranger.events)) == set(others)
    doubles = sum(count - 1 for count in heard.values())
    with capsys.disabled():
        figures = f"expected {len(made)}, received {len(client.heard)}, duplicates {doubles}, missing {len(set(made) - set(heard))}"
        sys.stdout.write(f"\n{figures}, kills {client.kills}\n")
    assert set(heard) == set(made)
    assert doubles == 0
    positions = [one["position"] for one in client.heard]
    assert positions == sorted(positions)


async def test_a_redis_that_is_emptied_and_a_relay_that_is_killed_cost_nobody_a_message(daybook, apis, crowd):
    ada = await crowd.register(apis[0])
    [relay] = daybook.of("relay")
    emptied = redis.Redis.from_url(daybook.settings.redis_url)
    async with listens(apis[0].url, "tasks", headers=ada._headers) as one, listens(apis[1].url, "tasks", headers=ada._headers) as other:
        await one.hears("live.subscribed")
        await other.hears("live.subscribed")

        async def harm() -> None:
            for _ in range(5):
                await eventually(lambda: asyncio.to_thread(emptied.exists, STREAM), what="something is announced again")
                await asyncio.to_thread(emptied.flushall)
            relay.end(signal.SIGKILL)

        made, _ = await asyncio.gather(burst(apis, ada, 400), harm())
        made += await burst(apis, ada, 20)
        for listener in (one, other):
            while len(listener.events) < len(made):
                await listener.next(10)
            assert Counter(map(told, listener.events)) == Counter(made)
    daybook.all("relay")


async def test_without_a_broker_a_signed_out_client_is_closed_within_a_second(daybook, apis, crowd):
    ada = await crowd.register(apis[0])
    for relay in daybook.of("relay"):
        relay.tell(signal.SIGSTOP)
    try:
        async with listens(apis[1].url, "tasks", headers=ada._headers) as listener:
            await listener.hears("live.subscribed")
            assert (await ada.post(apis[0], "/auth/logout")).status_code in {200, 204}
            began = asyncio.get_running_loop().time()
            assert await listener.closed(3) == 4009
            assert asyncio.get_running_loop().time() - began < 1
    finally:
        for relay in daybook.of("relay"):
            relay.tell(signal.SIGCONT)


async def test_a_process_that_ends_sends_its_clients_elsewhere_without_a_loss(daybook, apis, crowd):
    ada = await crowd.register(apis[0])
    third = daybook.start("serve").ready()
    async with listens(third.url, "tasks", headers=ada._headers) as listener:
        await listener.hears("live.subscribed")
        made = await burst(apis, ada, 20)
        third.tell(signal.SIGTERM)
        made += await burst(apis, ada, 20)
        assert await listener.closed() == 1012
    async with listens(apis[0].url, "tasks", headers=ada._headers, after=listener.position) as again:
        await again.hears("live.position")

        async def everything() -> bool:
            if len(listener.events) + len(again.events) < len(made):
                await again.next()
            return sorted(map(told, listener.events + again.events)) == sorted(made)

        await eventually(everything)
    third.end(seconds=10)
