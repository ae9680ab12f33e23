"""A checker counts only after it was seen red: on these broken builds the checks that pass elsewhere must fail."""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from infra.app import system
from infra.postgres.migrate import migrate
from tests.eventually import eventually, until
from tests.faults.conftest import settings_for
from tests.faults.daybook import Daybook, asleep, ended, shows
from tests.faults.fold_of_the_log import Checker
from tests.faults.load import under_load

SABOTAGES = {
    "consumers_that_forget": "instead of",
    "consumers_that_repeat": "instead of",
    "consumers_that_swap": "instead of",
    "consumers_that_promise_too_early": "instead of",
    "consumers_without_derived_ids": "happened 2 times",
    "consumers_that_move_before_they_react": "no reaction to",
}
DYING = list(SABOTAGES)[3:]
"""These end by SIGKILL at the worst moment, and a correct build takes over."""


@pytest.fixture
def own(nursery, servers, fresh_database) -> Iterator[Daybook]:
    """A Daybook of its own for each, or one would be blamed for another."""
    migrate(fresh_database.owner_url)
    made = Daybook(nursery, settings_for(servers, fresh_database, servers.empty_redis()))
    made.all("relay")
    yield made
    made.stop()


@pytest.mark.parametrize(("sabotage", "seen"), SABOTAGES.items())
async def test_the_checker_turns_red(own, sabotage, seen):
    broken = own.start("consumers", f"tests.faults.broken:{sabotage}").ready()
    until(lambda: len(broken.report()["doing"].get("positions", ())) > 5)
    async with system(own.settings, readers=2) as parts, under_load(parts) as load:
        await load.more(60)
        if sabotage in DYING:
            await eventually(ended(broken), 20, "it dies")
            own.start("consumers").ready()
    with pytest.raises(AssertionError, match=seen):
        await Checker(own.settings).agrees(0.8 if seen == "no reaction to" else 20)


async def test_the_checker_turns_red_when_a_fence_is_missing(own):
    sleeper = own.start("consumers", "tests.faults.broken:consumers_that_ignore_the_fence")
    async with system(own.settings, readers=2) as parts, under_load(parts) as load:
        await eventually(asleep(sleeper), 20, "it sleeps, with a write half done")
        other = own.start("consumers").ready()
        await load.more(50)
        head = (await parts.reader.head()).position
        await eventually(shows(other, "chain_postgres", head), 20, "the other one took over, and wrote what a late write undoes")
        sleeper.tell(signal.SIGCONT)
        await asyncio.to_thread(sleeper.ready)
        await load.more(100)
    with pytest.raises(AssertionError, match="instead of"):
        await Checker(own.settings).agrees()
