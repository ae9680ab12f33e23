"""A reaction begins at the head, happens exactly once in effect, and never because of a rebuild. (Its faults: `test_read_models.py`.)"""

import asyncio
import signal

from domain.tasks import events as e
from infra.projection.rebuild import rebuild
from projections.tasks.task_board import TASK_BOARD
from projections.tasks.task_counts import TASK_COUNTS
from tests.eventually import eventually
from tests.faults import toys
from tests.faults.load import under_load


def made(log, words: str) -> list[int]:
    """The positions that were reacted to with these words."""
    titles = [one.event.title for one in log if isinstance(one.event, e.TaskCreated)]
    return sorted(int(title.removeprefix(words)) for title in titles if title.startswith(words))


def completed(log) -> list[int]:
    return [one.position for one in log if isinstance(one.event, e.TaskCompleted)]


async def test_a_new_reaction_begins_at_the_head_of_its_registration(daybook, parts, checker):
    daybook.all("relay", "consumers", "consumers")
    async with under_load(parts) as load:
        await load.more(60)
    before = await checker.agrees()
    daybook.start("consumers", "tests.faults.faulty:consumers_with_another_reaction").ready()

    async def registered() -> bool:
        async with parts.log.readers.connection() as connection:
            query = "select 1 from read_models where model = 'reaction:toys.tell_too'"
            return await (await connection.execute(query)).fetchone() is not None

    await eventually(registered)
    async with under_load(parts) as load:
        await load.more(60)
    after = await checker.agrees()
    late = completed(after)[len(completed(before)) :]
    assert late

    async def told() -> bool:
        return made(await checker.agrees(), toys.LATE_NOTE) == late

    await eventually(told)


async def test_a_rebuild_under_load_runs_no_reaction(daybook, parts, checker):
    async with under_load(parts) as load:
        await load.more(30)
        await asyncio.gather(*(rebuild(daybook.settings, model) for model in (TASK_BOARD, TASK_COUNTS)))
    log = await checker.agrees()
    assert made(log, toys.NOTE) == completed(log)
    head = log[-1].position
    for consumers in daybook.of("consumers"):
        consumers.end(signal.SIGTERM)
    await rebuild(daybook.settings, TASK_BOARD, at_once=True)
    assert (await parts.reader.head()).position == head
