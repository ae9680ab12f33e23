"""The consumers process: folds the read models, runs the reactions, and asks the payment provider."""

import asyncio
from typing import Any

from api.shared.health import Health
from application.payments.gateway import Gateway
from infra.app import system
from infra.broker.redis_streams import ChunkSubscription
from infra.observability.orders import count_orders
from infra.outside.breaker import CLOSED, HALF_OPEN, OPEN, Breaker
from infra.outside.payment_providers import gateway_of
from infra.postgres.connections import pool
from infra.processes.cashier import Cashier
from infra.processes.running import run
from infra.projection.hub import Hub
from infra.projection.manager import Manager
from infra.settings import Settings


async def consumers(settings: Settings, health: Health) -> None:
    """Until cancelled."""
    breaker = Breaker()
    async with gateway_of(settings, breaker) as gateway:
        await consume(settings, health, gateway, breaker)


async def consume(settings: Settings, health: Health, gateway: Gateway, breaker: Breaker) -> None:
    """The same with this payment provider, whose breaker is told how it goes."""
    async with system(settings, readers=2) as parts, pool(settings.database_url, name="projections", size=4) as writers:
        head = await parts.reader.head()
        hub = Hub(head.log_id)
        hub.told(head)
        subscription = ChunkSubscription(settings.broker, hub.receive)
        manager = Manager(parts, writers, hub)
        cashier = Cashier(parts, hub, gateway, breaker)

        def doing() -> dict[str, Any]:
            folded = {f"{name}_b{build}": projector.position for (name, build), projector in manager.projectors.items() if projector.holds}
            broker = "ok" if subscription.connected else "warn"
            return {"head": hub.head, "broker": broker, "mail": parts.mail.state, "cashier": cashier.doing, "positions": folded}

        def lag() -> float:
            held = [projector.position for projector in manager.projectors.values() if projector.holds]
            return max((hub.head - position for position in held), default=0)

        health.describe(doing)
        health.measure("daybook_projection_lag_events", "Events the slowest read model of this process is behind.", lag)
        health.measure("daybook_mail_server_away", "1 while the usual mail server is left alone.", lambda: parts.mail.state in {OPEN, HALF_OPEN})
        health.measure("daybook_payments_waiting", "Payments the cashier of this process is at, or will be.", lambda: cashier.waiting)
        health.measure("daybook_payment_calls", "Calls to the payment provider by this process.", lambda: cashier.asked)
        health.measure("daybook_payment_provider_away", "1 while the payment provider is left alone.", lambda: breaker.state != CLOSED)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(subscription.run(), name="subscription")
            tasks.create_task(hub.watch(parts.reader.head), name="hub")
            tasks.create_task(manager.bystanders.run(), name="bystanders")
            tasks.create_task(manager.run(), name="manager")
            tasks.create_task(cashier.run(), name="cashier")
            tasks.create_task(count_orders(parts.log.reads), name="count orders")


def main(settings: Settings, port: int) -> None:
    """Run until SIGTERM."""
    run("consumers", settings, port, consumers)
