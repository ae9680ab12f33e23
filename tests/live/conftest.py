"""One Daybook for all tests of this folder, behind a real web server."""

from collections.abc import AsyncIterator

import pytest

from tests.http.daybook import Api, api
from tests.http.listening import listening
from tests.live.clients import Here

__all__ = ["api", "here"]


@pytest.fixture(scope="module")
async def here(api: Api) -> AsyncIterator[Here]:
    async with listening(api) as http:
        yield Here(api, http)
