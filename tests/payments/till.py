"""Daybook without its API, for tests of who asks the payment provider: log, relay and clock run on, consumers come and go."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from api.shared.health import Health
from application.payments.gateway import Gateway
from infra.app import System, system
from infra.cancellation import ended
from infra.memory.gateway import MemoryGateway
from infra.outside.breaker import Breaker
from infra.outside.payment_guard import GuardedGateway
from infra.postgres.migrate import migrate
from infra.processes.clock import clock
from infra.processes.consumers import consume
from infra.processes.relay import relay
from infra.settings import Settings
from tests.eventually import eventually
from tests.http.daybook import key
from tests.infra.doubles.forge import OURS, pem
from tests.servers import Database

PATIENCE = timedelta(seconds=1)


class Impatient(Settings, frozen=True, kw_only=True):
    """Settings of somebody who waits a second, unless a test says otherwise, for a call whose maker is gone."""

    @property
    def payment_patience(self) -> timedelta:
        return PATIENCE


class Consumers:
    """A consumers process in this one, with a gateway of the test's."""

    def __init__(self, settings: Settings, gateway: Gateway, breaker: Breaker) -> None:
        self.health = Health("consumers")
        self.breaker = breaker
        self._task = asyncio.create_task(consume(settings, self.health, GuardedGateway(gateway, breaker), breaker))

    async def doing(self) -> dict[str, Any]:
        """What its cashier does; nothing before it begins."""
        found: dict[str, Any] = (await self.health.report())[1]["doing"].get("cashier", {})
        return found

    async def leads(self) -> bool:
        return bool((await self.doing()).get("leads"))

    async def end(self) -> None:
        await ended(self._task)


class Till:
    """What tests of the cashier ask."""

    def __init__(self, parts: System) -> None:
        self.system = parts
        self.all: list[Consumers] = []

    async def open(self, gateway: Gateway | None = None, breaker: Breaker | None = None, *, leading: bool = True) -> Consumers:
        """One more consumers process; where nobody else leads, once it does."""
        made = Consumers(self.system.settings, gateway or MemoryGateway(), breaker or Breaker())
        self.all.append(made)
        if leading:
            await eventually(made.leads, 20, "the cashier leads")
        return made

    async def events(self, stream: Any) -> list[str]:
        """The names of the events of a stream."""
        return [row[0] for row in await self.system.log.reads("select type from events where stream_id = %b order by version", stream)]


@asynccontextmanager
async def till(database: Database, redis_url: str, kind: type[Settings] = Settings, **settings: Any) -> AsyncIterator[Till]:
    """Up and running, without consumers; down at the end, with them."""
    await asyncio.to_thread(migrate, database.owner_url)
    kept = tempfile.TemporaryDirectory(prefix="daybook-")
    known = kind(
        database_url=database.app_url,
        redis_url=redis_url,
        secret_key=key("secret"),
        master_key=key("master"),
        jwt_private_keys=pem(OURS),
        jobs_folder=f"{kept.name}/jobs",
        files_folder=f"{kept.name}/files",
        **{"payment_duration": 0, "bcrypt_cost": 4, "sweep_interval": 0.1, **settings},
    )
    async with system(known) as parts:
        made = Till(parts)
        beside = [asyncio.create_task(work) for work in (relay(known, Health("relay")), clock(known, Health("clock")))]
        try:
            yield made
        finally:
            for consumers in made.all:
                await consumers.end()
            await ended(*beside)
            kept.cleanup()
