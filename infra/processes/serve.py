"""The API process: answers HTTP."""

import asyncio
import logging
import signal

import uvloop

from api.live.entry import switchboard
from api.shared.health import Health
from infra.addresses import networks
from infra.app import system
from infra.cancellation import ended
from infra.http.access_log import AccessLog
from infra.http.application import application, parts_of
from infra.http.edge import Edge
from infra.observability.logs import configure
from infra.processes.checks import watch
from infra.processes.memory import settle
from infra.processes.running import web_server
from infra.redis.progress import Progress
from infra.settings import Settings, given

log = logging.getLogger(__name__)


async def serve(settings: Settings, port: int) -> None:
    """Until SIGTERM: refuse new work, finish what was accepted, then end."""
    health, access_log, progress = Health("serve"), AccessLog(enabled=settings.log_level != "error"), Progress(settings.redis_url)
    async with system(settings) as parts:
        watch(health, parts)
        health.measure("daybook_append_queue", "Commands that wait to be written.", lambda: parts.log.appender.depth)
        known = parts_of(parts, progress)
        app = application(known, health)
        health.measure("daybook_live_clients", "Clients that are told what happens.", lambda: len(switchboard(app).lines))
        edge = Edge(app, health, access_log, networks(settings.trusted_proxies))
        health.describe(lambda: {"in_flight": edge.in_flight, "sockets": edge.conversations, "waiting_to_be_written": parts.log.appender.depth})
        server = web_server(edge, settings.host, port, drain=settings.shutdown_timeout)
        settle()
        helpers = [asyncio.create_task(progress.run(), name="progress"), asyncio.create_task(access_log.run(), name="access log")]

        def drain() -> None:
            health.draining = progress.is_ending = True
            server.should_exit = True
            if known.feed is not None:
                known.feed.end()

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, drain)
        try:
            await server.serve()
        finally:
            await ended(*helpers)


def main(settings: Settings, port: int) -> None:
    """Run until SIGTERM."""
    configure(settings.log_level, "serve")
    ignored = [name for name in ("JWT_SECRET", "JWT_ALGORITHM") if given(name) is not None]
    if ignored:
        log.warning("ignored: %s; tokens are signed with the RSA keys of JWT_PRIVATE_KEYS", " and ".join(ignored))
    uvloop.run(serve(settings, port))
