"""Keeping one build up to date: take the lease, fold what follows, move the position; nothing here needs a restart by hand."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import psycopg
from redis.exceptions import RedisError

from domain.shared.event import Recorded
from infra.postgres.log_reader import LogReader
from infra.projection.builds import Builds
from infra.projection.bystanders import Bystander, Bystanders, Lost
from infra.projection.checkpoint import Checkpoint
from infra.projection.folding import fold, touched, unheard_of
from infra.projection.hub import Hub
from infra.projection.leases import LEASE, Build
from infra.projection.stores import Remembered, Store
from infra.redis.row_cache import Damaged
from projections.shared.read_model import ReadModel

log = logging.getLogger(__name__)
BATCH: Final = 500
PARKED_AT_MOST: Final = 1000
"""Parked keys above which a model stops: then the fold is broken, not a few of its keys."""


class Projector:
    """Folds one build of one read model, as long as its process lives."""

    def __init__(
        self,
        *,
        model: ReadModel[Any],
        build: int,
        store: Store,
        builds: Builds,
        hub: Hub,
        bystanders: Bystanders,
        reader: LogReader,
        moved: Callable[..., Awaitable[None]],
        mend: Callable[[ReadModel[Any], Build], Awaitable[None]],
    ) -> None:
        self.model = model
        self.build = build
        self._store = store
        self._builds = builds
        self._hub = hub
        self._bystanders = bystanders
        self._reader = reader
        self._moved = moved
        self._mend = mend
        self._here: Bystander | None = None
        self.holds = False

    @property
    def position(self) -> int:
        """How far it has come; 0 before it held a lease."""
        return 0 if self._here is None else self._here.position

    async def run(self) -> None:
        """Until cancelled. Gives the lease back at the end."""
        held: Build | None = None
        try:
            while True:
                try:
                    held = await self._builds.acquire(self.model.table, self.build)
                    if held is None:
                        await asyncio.sleep(0.5)
                        continue
                    self.holds = True
                    await self._fold(held)
                except Lost:
                    pass  # Whoever has it now goes on; perhaps it comes back.
                except Damaged:
                    first = held is not None and held.epoch == 1
                    log.log(
                        logging.INFO if first else logging.WARNING,
                        "filled from the log for the first time" if first else "rows were lost; refilling from the log",
                        extra={"model": self.model.name},
                    )
                    await self._try_to_mend(held)
                except (psycopg.Error, RedisError, OSError) as error:
                    log.warning("a read model waits for its store", extra={"model": self.model.name, "error": repr(error)})
                    await asyncio.sleep(0.3)
                self.holds = False
        finally:
            if held is not None and self.holds:
                await asyncio.shield(self._builds.release(held))

    async def _try_to_mend(self, held: Build | None) -> None:
        if held is not None:
            try:
                await self._mend(self.model, held)
            except (psycopg.Error, RedisError, OSError) as error:
                log.warning("refilling failed; it starts again", extra={"model": self.model.name, "error": repr(error)})
                await asyncio.sleep(0.5)

    async def _fold(self, held: Build) -> None:
        """Under one lease: until it is lost, the position was moved by somebody else, or the log is another one."""
        self._store.forget()
        stands = await self._store.stands(held)
        if not await self._reader.belongs(stands):
            log.error("the log lost what this read model has seen", extra={"model": self.model.name, "position": stands.position})
            self._hub.restart(await self._reader.head())
            await self._builds.give_up(held, "diverged")
            raise Damaged
        parked = await self._builds.parked(self.model.table, self.build)
        remembered = Remembered(self._store)
        here = self._here = Bystander(held, stands, self.model.listens, self._store.cache)
        check_at = time.monotonic() + LEASE / 3
        while True:
            if time.monotonic() >= check_at:
                if not await self._bystanders.keeps(here) or len(parked) > PARKED_AT_MOST or await self._is_beyond(here.held.checkpoint):
                    return await self._stop_if_broken(held, parked)
                await self._store.stands(held)  # Raises when rows were lost, also while nothing is written.
                check_at = time.monotonic() + LEASE / 3
            if not await self._bystanders.stand_by(here, LEASE / 4):
                continue
            events = await self._next(here.position)
            if not events:
                continue
            stepped = await self._step(events, here.held.checkpoint, held.epoch, parked, remembered)
            if stepped is None:
                return None
            here.reached(stepped)
            await self._moved(stepped.position, self.model.table)

    async def _is_beyond(self, stands: Checkpoint) -> bool:
        """A position above the head: the log lost its tail (a restore, a fail-over)."""
        return stands.position > self._hub.head and not await self._reader.belongs(stands)

    async def _stop_if_broken(self, held: Build, parked: set[str]) -> None:
        if len(parked) > PARKED_AT_MOST:
            log.error("too many keys are parked; the read model stops", extra={"model": self.model.name, "parked": len(parked)})
            await self._builds.give_up(held, "stopped")

    async def _next(self, position: int) -> Sequence[Recorded[Any]]:
        """What follows a position: from the window, else the hole is read from the log."""
        return self._hub.after(position, BATCH) or await self._reader.after(position, BATCH)

    async def _step(
        self, events: Sequence[Recorded[Any]], stands: Checkpoint, epoch: int, parked: set[str], remembered: Remembered
    ) -> Checkpoint | None:
        if events[0].position != stands.position + 1:
            raise RuntimeError(f"position {events[0].position} where {stands.position + 1} was expected")
        work = touched(self.model, events)
        rows = await remembered.rows(list({key: None for _, keys, _ in work for key in keys}), unheard_of(self.model, work))
        folded = fold(self.model, work, rows, parked)
        for one in folded.parked:
            log.error("a fold failed; its key is parked", extra={"model": self.model.name, "key": one.key, "error": one.error})
        following = stands.after(events[-1])
        if not await self._store.apply(folded, stands, following, epoch):
            return None
        remembered.update(folded.after)
        return following
