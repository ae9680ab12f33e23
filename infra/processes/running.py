"""What every process does around its work: an event loop, JSON logs, a port for health, and an orderly end on SIGTERM."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn
import uvloop
from litestar.types import ASGIApp

from api.shared.health import Health, health_app
from infra.observability.logs import configure
from infra.settings import Settings

Work = Callable[[Settings, Health], Awaitable[None]]


def run(name: str, settings: Settings, port: int, work: Work) -> None:
    """Run `work` until SIGTERM or SIGINT, with `/live /ready /metrics` on `port`."""
    configure(settings.log_level, name)
    uvloop.run(_supervise(name, settings, port, work))


async def _supervise(name: str, settings: Settings, port: int, work: Work) -> None:
    health = Health(name)
    server = web_server(health_app(health), settings.host, port)
    working = asyncio.create_task(_work(settings, health, work), name=name)
    serving = asyncio.create_task(server.serve(), name="health")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, working.cancel)
    try:
        await working
    except asyncio.CancelledError:
        pass
    finally:
        health.draining = True
        server.should_exit = True
        await serving


async def _work(settings: Settings, health: Health, work: Work) -> None:
    await work(settings, health)


def web_server(app: ASGIApp, host: str, port: int, *, drain: float = 1.0) -> uvicorn.Server:
    """A uvicorn server that leaves signals and logs to its process and trusts no proxy header."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        lifespan="on",
        loop="none",
        http="httptools",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, int(drain)),
        h11_max_incomplete_event_size=64 * 1024,
    )
    return QuietServer(config)


class QuietServer(uvicorn.Server):
    """Without signal handlers of its own: the process decides when it ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield
