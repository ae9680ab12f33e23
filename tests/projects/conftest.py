"""One Daybook with a mail server for all tests over HTTP."""

from collections.abc import AsyncIterator

import pytest

from tests.http.daybook import Api, shared
from tests.notifications.post_office import PostOffice, open_office
from tests.servers import Servers


@pytest.fixture(scope="package")
async def office() -> AsyncIterator[PostOffice]:
    async with open_office(PostOffice()) as opened:
        yield opened


@pytest.fixture(scope="package")
async def api(servers: Servers, office: PostOffice) -> AsyncIterator[Api]:
    settings = {"smtp_host": "127.0.0.1", "smtp_port": office.port, "smtp_security": "none", "public_url": "https://daybook.example"}
    async with shared(servers, **settings) as running:
        yield running
