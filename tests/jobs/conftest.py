"""One Daybook with a worker for all tests of a file."""

from collections.abc import AsyncIterator

import pytest

from tests.http.daybook import Api, daybook
from tests.jobs.over_http import working
from tests.servers import Database, Servers


@pytest.fixture(scope="module")
async def api(module_database: Database, servers: Servers) -> AsyncIterator[Api]:
    async with daybook(module_database, servers.empty_redis()) as running, working(running):
        yield running
