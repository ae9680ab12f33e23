"""A Daybook of the tests behind a real web server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from infra.addresses import networks
from infra.http.access_log import AccessLog
from infra.http.application import application
from infra.http.edge import Edge
from infra.local.program import free_port
from infra.processes.running import web_server
from tests.eventually import BUSY, eventually
from tests.http.daybook import Api


@asynccontextmanager
async def listening(api: Api, port: int = 0) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the server, which ends with it; at a port that its settings name, or any."""
    port = port or free_port()
    # An application of its own: `api.app` has begun already, and one can begin only once.
    app = api.served = application(api.parts, api.health)
    edge = Edge(app, api.health, AccessLog(enabled=False), networks(api.system.settings.trusted_proxies))
    server = web_server(edge, "127.0.0.1", port)  # type: ignore[arg-type]  # ASGI is ASGI
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    try:
        await eventually(started)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5 * BUSY) as http:
            yield http
    finally:
        server.should_exit = True
        await serving
