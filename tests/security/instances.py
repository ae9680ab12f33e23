"""Several API processes over one log and one Redis, each behind a real web server (in the test's own event loop)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec

from infra.addresses import networks
from infra.app import system
from infra.http.access_log import AccessLog
from infra.http.application import parts_of
from infra.http.edge import Edge
from infra.redis.progress import Progress
from tests.http.daybook import Api
from tests.http.listening import listening


@asynccontextmanager
async def another(api: Api, **changed: Any) -> AsyncIterator[Api]:
    """One more API process beside a running Daybook, set otherwise where that is said."""
    settings = msgspec.structs.replace(api.system.settings, **changed)
    async with system(settings) as parts:
        beside = Api(parts, parts_of(parts, Progress(settings.redis_url)))
        try:
            yield beside
        finally:
            await beside.http.aclose()


@asynccontextmanager
async def two(api: Api, **changed: Any) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Clients of two API processes that share everything."""
    async with another(api, **changed) as one, another(api, **changed) as other, listening(one) as first, listening(other) as second:
        yield first, second


def called_from(api: Api, address: str) -> httpx.AsyncClient:
    """A client whose connection comes from this address."""
    edge = Edge(api.app, api.health, AccessLog(enabled=False), networks(api.system.settings.trusted_proxies))
    transport = httpx.ASGITransport(edge, raise_app_exceptions=False, client=(address, 4711))  # type: ignore[arg-type]  # ASGI is ASGI
    return httpx.AsyncClient(transport=transport, base_url="http://daybook.test")
