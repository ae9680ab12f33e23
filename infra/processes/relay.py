"""The relay process: announces the log to the broker."""

from api.shared.health import Health
from infra.app import new_id
from infra.broker.redis_streams import ChunkPublisher
from infra.broker.relay import Relay
from infra.processes.running import run
from infra.settings import Settings


async def relay(settings: Settings, health: Health) -> None:
    """Until cancelled."""
    publisher = ChunkPublisher(settings.broker)
    process = Relay(settings.database_url, publisher, new_id())
    health.describe(lambda: {"leads": process.leads, "published": process.published, "head": process.head})
    health.measure("daybook_relay_published_position", "Newest position announced.", lambda: process.published)
    try:
        await process.run()
    finally:
        await publisher.stop()


def main(settings: Settings, port: int) -> None:
    """Run until SIGTERM."""
    run("relay", settings, port, relay)
