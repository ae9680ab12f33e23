"""All projectors and reactions of one consumers process: one task each, started, ended and started again as builds come and go."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from application.shared.reaction import REACTIONS
from infra.app import System
from infra.cancellation import ended
from infra.projection.builds import Builds
from infra.projection.bystanders import Bystanders
from infra.projection.hub import Hub
from infra.projection.leases import FOLDED, Build
from infra.projection.parked_events import ParkedEvents
from infra.projection.projector import Projector
from infra.projection.reacting import Reactor
from infra.projection.stores import CacheStore, Store, TableStore
from infra.redis.progress import ProgressTeller
from projections.shared.read_model import READ_MODELS, ReadModel

log = logging.getLogger(__name__)
LOOK: Final = 0.5
"""Seconds between two looks at which builds there are."""
AGAIN: Final = 0.4
"""Seconds after which a task that was told to end is told again; giving a lease back takes less."""


class Manager:
    """Sees to it that every build that should be folded has a projector here, ready to take its lease."""

    def __init__(self, parts: System, pool: AsyncConnectionPool[AsyncConnection[Any]], hub: Hub) -> None:
        self._parts = parts
        self._pool = pool
        self._hub = hub
        self.builds = Builds(pool, parts.me)
        self._teller = ProgressTeller(parts.redis)
        self.bystanders = Bystanders(hub, self.builds, parts.redis, self._teller.moved)
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}
        self.projectors: dict[tuple[str, int], Projector] = {}
        self.reactors: dict[str, Reactor] = {}

    async def run(self) -> None:
        """Until cancelled; the database may come and go."""
        models = {model.table: model for model in READ_MODELS.values()}
        try:
            while True:
                try:
                    builds = await self.builds.all()
                    if models.keys() - {build.model for build in builds}:
                        builds = await self._with_missing(models.values())
                    self._follow([build for build in builds if build.model in models], models)
                except (psycopg.Error, OSError) as error:
                    log.warning("the consumers wait for the database", extra={"error": repr(error)})
                await asyncio.sleep(LOOK)
        finally:
            await ended(*self._tasks.values(), again=AGAIN)
            # On a busy machine not all of them had the time to, one by one.
            with suppress(psycopg.Error, OSError):
                await self.builds.release_all()

    async def _with_missing(self, models: Iterable[ReadModel[Any]]) -> list[Build]:
        head = await self._parts.reader.head()
        for model in models:
            await self.builds.ensure(model, head.log_id)
        return await self.builds.all()

    def _follow(self, builds: list[Build], models: dict[str, ReadModel[Any]]) -> None:
        wanted = {(build.model, build.build) for build in builds if build.state in FOLDED}
        for gone in [name for name in self._tasks if name[1] > 0 and name not in wanted]:
            self._tasks.pop(gone).cancel()
            self.projectors.pop(gone, None)
        for name in wanted:
            if self._is_missing(name):
                model = models[name[0]]
                projector = self.projectors[name] = Projector(
                    model=model,
                    build=name[1],
                    store=self._store(model, name[1]),
                    builds=self.builds,
                    hub=self._hub,
                    bystanders=self.bystanders,
                    reader=self._parts.reader,
                    moved=self._teller.moved,
                    mend=self._mend,
                )
                self._start(name, projector.run())
        for reaction in REACTIONS.values():
            if self._is_missing((reaction.name, 0)):
                parked = ParkedEvents(self._pool, f"reaction:{reaction.name}")
                reactor = Reactor(reaction, self.builds, parked, self._hub, self.bystanders, self._parts.reader, self._parts.dispatch)
                self.reactors[reaction.name] = reactor
                self._start((reaction.name, 0), reactor.run())

    def _is_missing(self, name: tuple[str, int]) -> bool:
        task = self._tasks.get(name)
        if task is not None and task.done() and not task.cancelled():
            log.error("a projector ended; it starts again", extra={"model": name[0], "error": repr(task.exception())})
        return task is None or task.done()

    def _start(self, name: tuple[str, int], work: Coroutine[Any, Any, None]) -> None:
        self._tasks[name] = asyncio.create_task(work, name=f"{name[0]}_b{name[1]}")

    def _store(self, model: ReadModel[Any], build: int) -> Store:
        if model.store == "postgres":
            return TableStore(self._pool, model, build)
        return CacheStore(self._parts.redis, self._pool, model, build)

    async def _mend(self, model: ReadModel[Any], held: Build) -> None:
        from infra.projection.rebuild import mend

        await mend(self._parts.settings, model, held)
