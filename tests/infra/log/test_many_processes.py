"""Several processes write at once: order, versions, keys and names hold, and whoever follows the log misses nothing."""

import asyncio
import subprocess
import sys
from collections import defaultdict
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from infra.postgres.connections import connect
from tests.infra.log.toys import total


class Workers:
    """Processes that begin together."""

    def __init__(self, *commands: list[str]) -> None:
        self._running = [
            subprocess.Popen([sys.executable, "-m", "tests.infra.log.worker", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for command in commands
        ]

    async def told(self) -> list[list]:
        await asyncio.to_thread(lambda: [worker.stdout.readline() for worker in self._running])
        for worker in self._running:
            worker.stdin.write("go\n")
            worker.stdin.flush()
        answers = await asyncio.gather(*(asyncio.to_thread(worker.communicate, timeout=600) for worker in self._running))
        assert [worker.returncode for worker in self._running] == [0] * len(self._running)
        return [msgspec.json.decode(out) for out, _ in answers]


async def follow(url: str, start: int, stop: asyncio.Event) -> list[tuple[int, UUID, int]]:
    """Read the log by position as it grows: every next row must be the next position."""
    seen: list[tuple[int, UUID, int]] = []
    async with await connect(url, name="follower") as connection:
        last, ending = start, False
        while True:
            ending = stop.is_set()
            query = "select position, stream_id, version from events where position > %s order by position limit 100"
            rows = await (await connection.execute(query, (last,))).fetchall()
            for row in rows:
                assert row[0] == last + 1, f"after {last} came {row[0]}: a position was seen late or is missing"
                last = row[0]
            seen += rows
            if ending and not rows:
                return seen


@pytest.mark.parametrize("readers", [3])
async def test_16_writers_in_4_processes_leave_no_gap_and_show_nothing_late(database, readers):
    with psycopg.connect(database.super_url) as connection:
        (before,) = connection.execute("select coalesce(max(position), 0) from daybook.events").fetchone()
    shared, stop = [str(uuid4()) for _ in range(3)], asyncio.Event()
    workers = Workers(*(["write", database.app_url, str(seed), *shared] for seed in range(4)))
    following = [asyncio.create_task(follow(database.app_url, before, stop)) for _ in range(readers)]
    told = [(position, UUID(stream), version) for lines in await workers.told() for stream, version, position in lines]
    stop.set()
    seen = await asyncio.gather(*following)
    assert len(told) == 16 * 25 * 2
    assert sorted(told) == seen[0] == seen[1] == seen[2]
    versions = defaultdict(list)
    for _, stream, version in seen[0]:
        versions[stream].append(version)
    assert len(versions) == 16 + 3
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())


async def test_50_requests_with_one_key_over_two_processes_are_applied_once(database, postgres_log):
    stream, key = uuid4(), uuid4().hex
    first, second = await Workers(*(["one_key", database.app_url, str(stream), key] for _ in range(2))).told()
    assert len(first + second) == 50
    assert [duplicate for duplicate, _, _ in first + second].count(True) == 49
    assert len({(position, answer) for _, position, answer in first + second}) == 1
    assert await total(postgres_log, stream) == (1, 1)


async def test_a_name_wanted_50_times_over_two_processes_has_one_holder(database, postgres_log):
    word = uuid4().hex
    first, second = await Workers(*(["claim", database.app_url, word] for _ in range(2))).told()
    holders = [told for told in first + second if told != "NameTaken"]
    assert len(holders) == 1
    assert await postgres_log.holder("toy", word.encode()) == UUID(holders[0])
