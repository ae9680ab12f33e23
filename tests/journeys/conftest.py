"""A new user's Daybook: real processes on the embedded servers, and on the PostgreSQL and Redis that already run here."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from infra.app import ensure_admin
from infra.postgres.migrate import migrate
from tests.faults.conftest import settings_for
from tests.faults.daybook import Daybook, Nursery, Process
from tests.faults.people import People, User, people
from tests.servers import Servers, external_database, external_redis


@pytest.fixture(scope="module")
def plain_nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Without the toys: as users have it."""
    made = Nursery(tmp_path_factory.mktemp("processes"), toys=False)
    yield made
    made.stop()


@pytest.fixture(scope="module", params=["embedded", "external"])
def daybook(request: pytest.FixtureRequest, plain_nursery: Nursery, servers: Servers) -> Iterator[Daybook]:
    if request.param == "embedded":
        where: Any = servers
        redis_url = servers.empty_redis()
    else:
        where, redis_url = external_database(), external_redis()
    database = where.new_database()
    migrate(database.owner_url)
    made = Daybook(plain_nursery, settings_for(servers, database, redis_url))
    ensure_admin(made.settings)
    made.all("serve", "relay", "consumers", "clock")
    yield made
    made.stop()
    where.drop(database)


@pytest.fixture
def api(daybook: Daybook) -> Process:
    return daybook.of("serve")[0]


@pytest.fixture
async def crowd(daybook: Daybook) -> AsyncIterator[People]:
    async with people(daybook.settings) as made:
        yield made


@pytest.fixture
async def admin(crowd: People, api: Process) -> User:
    return await crowd.admin(api)


@pytest.fixture
async def node(crowd: People, api: Process, admin: User) -> User:
    return await crowd.node(api, admin)
