"""The rival of P3 and P4: a bare Litestar application that gives back what was posted, on the same server as the API."""

from typing import Any

import uvloop
from litestar import Litestar, post

from infra.processes.running import web_server


@post("/echo", status_code=200)
async def echo(data: dict[str, Any]) -> dict[str, Any]:
    """What was sent."""
    return data


def serve(port: int) -> None:
    """Until SIGTERM."""
    server = web_server(Litestar([echo], openapi_config=None), "127.0.0.1", port)
    uvloop.run(server.serve())
