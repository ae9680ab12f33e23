"""One Daybook for all tests of a file, behind a real web server."""

from collections.abc import AsyncIterator

import pytest

from tests.http.daybook import Api, daybook
from tests.http.listening import listening
from tests.live.clients import Here
from tests.servers import Database, Servers


@pytest.fixture(scope="module")
async def api(module_database: Database, servers: Servers) -> AsyncIterator[Api]:
    async with daybook(module_database, servers.empty_redis()) as running:
        yield running


@pytest.fixture(scope="module")
async def here(api: Api) -> AsyncIterator[Here]:
    async with listening(api) as http:
        yield Here(api, http)
