"""What every process does around its work: an event loop, JSON logs, a port for health, and an orderly end on SIGTERM."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
import uvloop
from litestar.types import ASGIApp

from api.shared.health import Health, health_app
from infra.http.socket import LARGEST_FRAME, Socket
from infra.observability.logs import configure
from infra.settings import Settings

log = logging.getLogger(__name__)
GRACE: Final = 2.0
"""Seconds in which a process does what belongs to its end; after that everything it still does is cancelled once more."""
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
    loop, ending = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    try:
        await _until_ended(working, ending, {serving})
    finally:
        health.draining = True
        server.should_exit = True
        await serving


async def _until_ended(working: "asyncio.Task[None]", ending: asyncio.Event, kept: set["asyncio.Task[None]"]) -> None:
    """Wait for the work, or for the wish that it ends. Raises what the work raised.

    One cancellation is not enough: before Python 3.12 `asyncio.wait_for`, which the connection pool stands on, can swallow it.
    """
    asked = asyncio.create_task(ending.wait(), name="end")
    await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait({working}, timeout=GRACE)
    while not working.done():
        busy = [task for task in asyncio.all_tasks() - kept if task is not asyncio.current_task() and _is_ours(task)]
        log.warning("still busy; told to end once more", extra={"tasks": sorted(task.get_name() for task in busy)})
        for task in busy:
            task.cancel()
        await asyncio.wait({working}, timeout=GRACE / 4)
    if not working.cancelled():
        working.result()


def _is_ours(task: "asyncio.Task[object]") -> bool:
    """Whether our own code runs in it; helpers of libraries are ended by those who made them."""
    frame = getattr(task.get_coro(), "cr_frame", None)
    return frame is not None and frame.f_globals["__name__"].startswith("infra.")


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
        ws=Socket,
        ws_max_size=LARGEST_FRAME,
        ws_ping_interval=30.0,
        ws_ping_timeout=30.0,
        ws_per_message_deflate=False,  # Each message goes to many: packing it for each would cost more than it saves.
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
