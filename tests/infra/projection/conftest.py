"""A small world per test: a log, a Redis, and read models that are folded live, on the embedded servers and on those that run here."""

from collections.abc import AsyncIterator, Iterator

import pytest

from infra.postgres.migrate import migrate
from tests.infra.projection import toys
from tests.infra.projection.world import World, opened
from tests.servers import Database, external_database, external_redis


@pytest.fixture(autouse=True)
def _poison_is_poison():
    """Tests that mend a fold do so by taking the name away."""
    yield
    toys.BROKEN.clear()
    toys.BROKEN.add("boxes")


@pytest.fixture
async def world(fresh_database, redis_url) -> AsyncIterator[World]:
    """On the embedded servers."""
    migrate(fresh_database.owner_url)
    async with opened(fresh_database, redis_url) as made:
        yield made


@pytest.fixture(params=[pytest.param("embedded", marks=pytest.mark.server), pytest.param("external", marks=pytest.mark.server)])
def somewhere(request: pytest.FixtureRequest) -> Iterator[tuple[Database, str]]:
    """A database and a Redis: the embedded ones, then those that already run here."""
    if request.param == "embedded":
        yield request.getfixturevalue("fresh_database"), request.getfixturevalue("redis_url")
        return
    outside, url = external_database(), external_redis()
    made = outside.new_database()
    yield made, url
    outside.drop(made)


@pytest.fixture
async def any_world(somewhere) -> AsyncIterator[World]:
    """A world in each of these places."""
    migrate(somewhere[0].owner_url)
    async with opened(*somewhere) as made:
        yield made
