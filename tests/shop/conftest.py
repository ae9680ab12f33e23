"""One Daybook for all tests over HTTP."""

from collections.abc import AsyncIterator

import pytest

from tests.http.daybook import Api, shared
from tests.servers import Servers


@pytest.fixture(scope="package")
async def api(servers: Servers) -> AsyncIterator[Api]:
    async with shared(servers, shop_currency="GBP", payment_duration=0) as running:
        yield running
