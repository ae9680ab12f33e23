"""One Daybook for all tests of a file, and a worker beside it."""

from collections.abc import AsyncIterator

import pytest

from infra.jobs.worker import Worker
from tests.http.daybook import Api, daybook
from tests.jobs.over_http import working
from tests.servers import Database, Servers


@pytest.fixture(scope="module")
async def running(module_database: Database, servers: Servers) -> AsyncIterator[tuple[Api, Worker]]:
    async with daybook(module_database, servers.empty_redis()) as api, working(api) as worker:
        yield api, worker


@pytest.fixture
def api(running: tuple[Api, Worker]) -> Api:
    return running[0]


@pytest.fixture
def worker(running: tuple[Api, Worker]) -> Worker:
    return running[1]
