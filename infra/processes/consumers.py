"""The consumers process: folds the read models and runs the reactions."""

import asyncio
from typing import Any

from api.shared.health import Health
from infra.app import system
from infra.broker.redis_streams import ChunkSubscription
from infra.postgres.connections import pool
from infra.processes.running import run
from infra.projection.hub import Hub
from infra.projection.manager import Manager
from infra.settings import Settings


async def consumers(settings: Settings, health: Health) -> None:
    """Until cancelled."""
    async with system(settings, readers=2) as parts, pool(settings.database_url, name="projections", size=4) as writers:
        head = await parts.reader.head()
        hub = Hub(head.log_id)
        hub.told(head)
        subscription = ChunkSubscription(settings.broker, hub.receive)
        manager = Manager(parts, writers, hub)

        def doing() -> dict[str, Any]:
            folded = {f"{name}_b{build}": projector.position for (name, build), projector in manager.projectors.items() if projector.holds}
            return {"head": hub.head, "broker": "ok" if subscription.connected else "warn", "mail": parts.mail.state, "positions": folded}

        def lag() -> float:
            held = [projector.position for projector in manager.projectors.values() if projector.holds]
            return max((hub.head - position for position in held), default=0)

        health.describe(doing)
        health.measure("daybook_projection_lag_events", "Events the slowest read model of this process is behind.", lag)
        health.measure("daybook_mail_server_away", "1 while the usual mail server is left alone.", lambda: parts.mail.state in {"open", "half-open"})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(subscription.run(), name="subscription")
            tasks.create_task(hub.watch(parts.reader.head), name="hub")
            tasks.create_task(manager.bystanders.run(), name="bystanders")
            tasks.create_task(manager.run(), name="manager")


def main(settings: Settings, port: int) -> None:
    """Run until SIGTERM."""
    run("consumers", settings, port, consumers)
