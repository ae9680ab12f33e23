"""Those whom the newest events do not concern: one statement each tick moves all their positions, and none of them is woken for it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from typing import Any, Final

import msgspec
import psycopg
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from domain.shared.event import Event
from infra.projection.checkpoint import Checkpoint
from infra.projection.hub import Hub
from infra.projection.leases import LEASE, Build, Leases
from infra.redis.row_cache import Damaged, RowCache
from infra.redis.row_scripts import MOVE
from infra.serialization.mapper import shape_of

log = logging.getLogger(__name__)
TICK: Final = 0.025
"""Seconds between two moves at least; after a pause the first event moves everybody at once."""
FAR: Final = 500
"""Events behind which one does not stand by but reads on."""


class Lost(Exception):
    """The lease is gone, or somebody else moved the position."""


class Bystander:
    """One build or reaction under one lease: what it listens to, and how far it has come (`held.checkpoint`)."""

    def __init__(self, held: Build, stands: Checkpoint, listens: Iterable[type[Event]], cache: RowCache | None = None) -> None:
        self.held = msgspec.structs.replace(held, checkpoint=stands)
        self.listens = frozenset(listens)
        self.cache = cache
        """Where the position is, unless it is in the table `read_models`."""
        self.kept_at = time.monotonic()
        """When its lease was last renewed."""
        self.freed = asyncio.Event()
        self.error: Exception | None = None

    @property
    def position(self) -> int:
        """How far it has come."""
        return self.held.checkpoint.position

    @property
    def name(self) -> tuple[str, int]:
        """What it is called in `read_models`."""
        return self.held.model, self.held.build

    def reached(self, checkpoint: Checkpoint) -> None:
        """Note a position that was moved."""
        self.held = msgspec.structs.replace(self.held, checkpoint=checkpoint)

    def free(self, error: Exception | None = None) -> None:
        """Let it go on by itself."""
        self.error = self.error or error
        self.freed.set()


class Bystanders:
    """Looks at what the hub hears on behalf of all who stand by; `moved` is told of tables in Redis and PostgreSQL that have come further."""

    def __init__(self, hub: Hub, leases: Leases, redis: Redis, moved: Callable[..., Awaitable[None]]) -> None:
        self._hub = hub
        self._leases = leases
        self._redis = redis
        self._told = moved
        self._standing: set[Bystander] = set()
        self._moving: Collection[Bystander] = ()
        self._settled = asyncio.Event()
        self._due = asyncio.Event()
        self._moved_at = 0.0
        self._seen = hub.newest
        self._hole: int | None = None

    async def stand_by(self, one: Bystander, timeout: float) -> bool:
        """Until there is something to read for it, or the time is up (False); its checkpoint moves meanwhile.

        Raises `Lost`, and what its store raised: then its position has to be asked for.
        """
        if self._has_to_read(one):
            return True
        one.freed.clear()
        self._standing.add(one)
        self._due.set()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await one.freed.wait()
        finally:
            self._standing.discard(one)
            while one in self._moving:  # Where it stands is known when that is over.
                await self._settled.wait()
        if one.error is not None:
            raise one.error
        return one.freed.is_set()

    async def keeps(self, one: Bystander) -> bool:
        """Keep the lease of one who does not stand by, unless that was done lately; False when it was lost."""
        if time.monotonic() - one.kept_at >= LEASE / 3:
            one.kept_at = time.monotonic()
            return bool(await self._leases.renew(one.held))
        return True

    def _has_to_read(self, one: Bystander) -> bool:
        if self._hub.head <= one.position or self._hub.newest == one.position:
            return False
        events = self._hub.after(one.position, FAR)
        return not events or len(events) == FAR or not one.listens.isdisjoint(shape_of(recorded.event) for recorded in events)

    async def run(self) -> None:
        """Until cancelled."""
        self._hub.heard.append(self._look)
        self._look()
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LEASE / 4):
                        await self._due.wait()
                await asyncio.sleep(max(0.0, self._moved_at + TICK - time.monotonic()))
                self._due.clear()
                self._moved_at = time.monotonic()
                await self._move()
                await self._renew()
                self._free_at_hole()
        finally:
            self._hub.heard.remove(self._look)

    def _look(self) -> None:
        """Free those to whom the newest events mean something; everybody when there is a hole before them."""
        self._due.set()
        before, self._seen = self._seen, self._hub.newest
        if self._seen == before:
            return
        events = self._hub.after(before, self._seen - before) if self._seen > before else []
        shapes = {shape_of(recorded.event) for recorded in events}
        for one in self._standing:
            if not events or not one.listens.isdisjoint(shapes):
                one.free()

    def _free_at_hole(self) -> None:
        """The log has gone on and nothing was heard for a tick: everybody reads for himself (L5)."""
        newest = self._hub.newest
        if self._hub.head <= newest:
            self._hole = None
        elif self._hole != newest:
            self._hole = newest
            self._due.set()
        else:
            for one in self._standing:
                if one.position < self._hub.head:
                    one.free()

    async def _move(self) -> None:
        newest = self._hub.after(self._hub.newest - 1, 1)
        behind = [one for one in self._standing if newest and one.position < newest[0].position and not one.freed.is_set()]
        if not behind:
            return
        to = Checkpoint(self._hub.log_id).after(newest[0])
        self._moving = frozenset(behind)
        try:
            in_tables, in_caches = ([one for one in behind if (one.cache is None) == is_table] for is_table in (True, False))
            await asyncio.gather(self._move_tables(in_tables, to), self._move_caches(in_caches, to))
        finally:
            self._moving = ()
            settled, self._settled = self._settled, asyncio.Event()
            settled.set()
        tables = [one.held.model for one in behind if one.position == to.position and one.held.store != "reaction"]
        if tables:
            await self._told(to.position, *tables)

    async def _move_tables(self, behind: list[Bystander], to: Checkpoint) -> None:
        if not behind:
            return
        try:
            moved = await self._leases.move_all([one.held for one in behind], to)
        except (psycopg.Error, OSError) as error:
            _free(behind, error)
            return
        for one in behind:
            if one.name in moved:
                one.reached(to)
                one.kept_at = self._moved_at
            else:
                one.free(Lost(*one.name))

    async def _move_caches(self, behind: list[Bystander], to: Checkpoint) -> None:
        if not behind:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for one in behind:
                    if one.cache is not None:
                        one.cache.ask_to_move(pipe, one.held.checkpoint, to, one.held.epoch)
                outcomes: list[Any] = await pipe.execute(raise_on_error=False)
            if any(isinstance(outcome, NoScriptError) for outcome in outcomes):
                await self._redis.script_load(MOVE)
                self._due.set()
        except (RedisError, OSError) as error:
            _free(behind, error)
            return
        for one, outcome in zip(behind, outcomes, strict=True):
            if outcome == b"ok":
                one.reached(to)
            elif not isinstance(outcome, NoScriptError):  # Else it is moved at the next tick.
                one.free(outcome if isinstance(outcome, Exception) else Damaged() if outcome == b"damaged" else Lost(*one.name))

    async def _renew(self) -> None:
        """Keep the leases of those who were not moved lately."""
        now = time.monotonic()
        waiting = [one for one in self._standing if now - one.kept_at >= LEASE / 4]
        if not waiting:
            return
        try:
            kept = await self._leases.renew(*(one.held for one in waiting))
        except (psycopg.Error, OSError) as error:
            _free(waiting, error)
            return
        for one in waiting:
            if one.name in kept:
                one.kept_at = now
            else:
                one.free(Lost(*one.name))


def _free(those: Iterable[Bystander], error: Exception) -> None:
    for one in those:
        one.free(error)
