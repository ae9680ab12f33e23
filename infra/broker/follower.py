"""One API process following the log: chunks from the broker, holes from the log itself, every position once and in order."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout

from domain.shared.event import Recorded
from infra.broker.redis_streams import ChunkSubscription
from infra.cancellation import ended
from infra.postgres.log_reader import LogReader
from infra.projection.checkpoint import Checkpoint
from infra.projection.hub import Hub

log = logging.getLogger(__name__)
AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed, OSError, TimeoutError)
PART: Final = 200
"""Events passed on at once; between two parts others have their turn."""
ASKED: Final = 0.4
"""Seconds after which the log itself is asked how far it is: what nobody announces, such as the end of a session, is known all the same."""
CHECKED: Final = 5.0
"""Seconds after which it is checked that the log is still the same (L2)."""


class Follower:
    """The `Feed` port. Costs nothing while nobody follows."""

    def __init__(self, broker: str, reader: LogReader) -> None:
        self._broker = broker
        self._reader = reader
        self._hub: Hub | None = None
        self._ending = asyncio.Event()

    def end(self) -> None:
        """This process is to end: so does whoever follows."""
        self._ending.set()

    async def head(self) -> int:
        """The newest position of the log."""
        return (await self._reader.head()).position

    async def after(self, position: int, limit: int) -> Sequence[Recorded[Any]]:
        """Events after a position: from memory where they are new, else from the log."""
        known = self._hub.after(position, limit) if self._hub is not None else []
        return known or await self._reader.after(position, limit)

    async def streams(self, ids: Sequence[UUID], upto: int) -> Sequence[Recorded[Any]]:
        """The events of some streams up to a position."""
        return await self._reader.streams(ids, upto)

    async def follow(self, position: int) -> AsyncGenerator[Sequence[Recorded[Any]], None]:
        """The events after a position; ends with the process, or when this is another log or one that lost its tail."""
        head = await self._reader.head()
        hub = self._hub = Hub(head.log_id)
        hub.told(head)
        here = Checkpoint(head.log_id, position) if position != head.position else head
        helpers = [
            asyncio.create_task(ChunkSubscription(self._broker, hub.receive).run(), name="live: broker"),
            asyncio.create_task(self._ask(hub), name="live: head"),
        ]
        checked = asyncio.get_running_loop().time()
        try:
            while not self._ending.is_set():
                events: Sequence[Recorded[Any]] = ()
                if await hub.beyond(here.position, ASKED):
                    events = await self._read(here.position)
                if events:
                    yield events
                    here = here.after(events[-1])
                if hub.log_id != here.log_id:
                    return
                if asyncio.get_running_loop().time() - checked > CHECKED:
                    if not await self._belongs(here):
                        return
                    checked = asyncio.get_running_loop().time()
        finally:
            self._hub = None
            await ended(*helpers)

    async def _read(self, position: int) -> Sequence[Recorded[Any]]:
        try:
            found = await self.after(position, PART)
        except AWAY as error:
            log.warning("the log cannot be read", extra={"error": repr(error)})
            found = ()
        if not found:
            await asyncio.sleep(ASKED / 4)  # It was announced, and will be there.
        return found

    async def _belongs(self, here: Checkpoint) -> bool:
        try:
            return here.stream_id is None or await self._reader.belongs(here)
        except AWAY:
            return True  # Nobody knows; the next look will.

    async def _ask(self, hub: Hub) -> None:
        while True:
            await asyncio.sleep(ASKED)
            try:
                hub.told(await self._reader.head())
            except AWAY as error:
                log.warning("the log cannot be asked for its head", extra={"error": repr(error)})
