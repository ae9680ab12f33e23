"""One Daybook for all tests of a file."""

from collections.abc import AsyncIterator

import pytest

from tests.http.daybook import Api, shared
from tests.servers import Servers


@pytest.fixture(scope="package")
async def api(servers: Servers) -> AsyncIterator[Api]:
    async with shared(servers, public_url="http://daybook.test") as running:
        yield running
