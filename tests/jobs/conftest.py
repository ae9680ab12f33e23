"""One Daybook for all tests of this folder, and a worker beside it."""

from collections.abc import AsyncIterator

import pytest

from infra.jobs.worker import Worker
from tests.http.daybook import Api, shared
from tests.jobs.over_http import working
from tests.servers import Servers


@pytest.fixture(scope="package")
async def running(servers: Servers) -> AsyncIterator[tuple[Api, Worker]]:
    async with shared(servers) as api, working(api) as worker:
        yield api, worker


@pytest.fixture
def api(running: tuple[Api, Worker]) -> Api:
    return running[0]


@pytest.fixture
def worker(running: tuple[Api, Worker]) -> Worker:
    return running[1]
