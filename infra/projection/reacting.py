"""Running one reaction: each event becomes its commands, and the position moves on when they are in the log (C1)."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import UUID

import psycopg

from application.shared.context import SYSTEM, Context
from application.shared.dispatch import Dispatch
from application.shared.reaction import Reaction, derived_id
from domain.shared.event import BY_CLASS, Recorded
from domain.shared.refused import Refused, Unavailable, VersionConflict
from infra.cancellation import ended
from infra.postgres.log_reader import LogReader
from infra.projection.builds import Builds
from infra.projection.bystanders import Bystander, Bystanders, Lost
from infra.projection.hub import Hub
from infra.projection.leases import LEASE, Build
from infra.projection.parked_events import ParkedEvents
from infra.security.idempotency import DerivedKey
from infra.serialization.mapper import Unreadable, shape_of

log = logging.getLogger(__name__)
BATCH: Final = 200
TRIES: Final = 5
NONE: Final = UUID(int=0)


class Reactor:
    """One reaction. Commands have ids derived from the event, so what is done twice has one effect, for ever."""

    def __init__(
        self, reaction: Reaction, builds: Builds, parked: ParkedEvents, hub: Hub, bystanders: Bystanders, reader: LogReader, dispatch: Dispatch
    ) -> None:
        self.reaction = reaction
        self.name = f"reaction:{reaction.name}"
        self._builds = builds
        self._parked = parked
        self._hub = hub
        self._bystanders = bystanders
        self._reader = reader
        self._dispatch = dispatch

    async def run(self) -> None:
        """Until cancelled."""
        held: Build | None = None
        try:
            while True:
                try:
                    await self._register()
                    held = await self._builds.acquire(self.name, 0)
                    if held is None or held.state == "diverged":
                        await asyncio.sleep(0.5)
                    elif await self._reader.belongs(held.checkpoint):
                        await self._try_parked_again()
                        with suppress(Lost):
                            await self._follow(held)
                    else:
                        await self._diverge(held)
                except (psycopg.Error, OSError, Unavailable, VersionConflict) as error:
                    log.warning("a reaction waits", extra={"reaction": self.reaction.name, "error": repr(error)})
                    await asyncio.sleep(0.3)
        finally:
            if held is not None:
                await asyncio.shield(self._builds.release(held))

    async def _register(self) -> None:
        """A new reaction begins at the head of the log (C1), or with the first event it listens to where none may be missed."""
        if await self._builds.knows_reaction(self.reaction.name):
            return
        types = [BY_CLASS[kind].name for kind in self.reaction.listens]
        start = await self._reader.before_first(types) if self.reaction.from_first else await self._reader.head()
        await self._builds.ensure_reaction(self.reaction.name, start)

    async def _diverge(self, held: Build) -> None:
        """The log lost what was reacted to: what now stands at those positions must not be skipped silently, so a person decides (L2)."""
        log.error("the log lost what a reaction has seen; it stops", extra={"reaction": self.reaction.name, "position": held.checkpoint.position})
        await self._builds.mark(self.name, 0, "diverged")

    async def _try_parked_again(self) -> None:
        for position in await self._parked.positions():
            for recorded in await self._reader.after(position - 1, 1):
                if await self._react_or_park(recorded):
                    await self._parked.unpark(position)

    async def _follow(self, held: Build) -> None:
        here = Bystander(held, held.checkpoint, self.reaction.listens)
        while await self._bystanders.keeps(here):
            while not await self._bystanders.stand_by(here, LEASE):
                pass  # Its lease is kept for it.
            events = self._hub.after(here.position, BATCH) or await self._reader.after(here.position, BATCH)
            if not events:
                continue
            meant = [recorded for recorded in events if shape_of(recorded.event) in here.listens]
            if meant:
                async with self._kept(here.held):
                    await self._react_to_all(meant)
            reached = here.held.checkpoint.after(events[-1])
            if not await self._builds.move(here.held, reached):
                return
            here.reached(reached)

    @asynccontextmanager
    async def _kept(self, held: Build) -> AsyncIterator[None]:
        """Keep the lease while commands take their time (a mail server), or another process would do the same beside this one."""

        async def renew() -> None:
            with suppress(psycopg.Error, OSError):
                renewed = True
                while renewed:
                    await asyncio.sleep(LEASE / 3)
                    renewed = bool(await self._builds.renew(held))

        renewing = asyncio.create_task(renew(), name=f"{self.name} lease")
        try:
            yield
        finally:
            await ended(renewing)

    async def _react_to_all(self, meant: list[Recorded[Any]]) -> None:
        """Each stream's events in order; several streams side by side where the reaction allows it, so that what they write is written together."""
        streams: dict[UUID, list[Recorded[Any]]] = {}
        for recorded in meant:
            streams.setdefault(recorded.stream_id if self.reaction.at_once > 1 else NONE, []).append(recorded)
        room = asyncio.Semaphore(self.reaction.at_once)

        async def follow(events: list[Recorded[Any]]) -> None:
            async with room:
                for recorded in events:
                    await self._react_or_park(recorded)

        outcomes = await asyncio.gather(*(follow(events) for events in streams.values()), return_exceptions=True)
        for failed in (one for one in outcomes if isinstance(one, BaseException)):
            raise failed

    async def _react_or_park(self, recorded: Recorded[Any]) -> bool:
        """Whether it is done; what a reaction fails on is kept aside, and everything else goes on (R3)."""
        try:
            if type(recorded.event) is Unreadable:
                raise ValueError(recorded.event.error)
            await self._react(recorded)
        except (psycopg.Error, OSError, Unavailable, VersionConflict):
            raise  # not the event's fault: it comes again
        except Exception as error:
            log.exception("a reaction failed; the event is parked", extra={"reaction": self.reaction.name, "position": recorded.position})
            await self._parked.park(recorded.position, error)
            return False
        return True

    async def _react(self, recorded: Recorded[Any]) -> None:
        for ordinal, command in enumerate(self.reaction.react(recorded)):
            command_id = derived_id(recorded, self.reaction.name, ordinal)
            context = Context(SYSTEM, command_id, causation_id=command_id, key=DerivedKey(command_id))
            for attempt in range(TRIES):
                try:
                    await self._dispatch(command, context)
                except (Unavailable, VersionConflict):
                    if attempt + 1 == TRIES:
                        raise
                    await asyncio.sleep(0.1 * 2**attempt)
                except Refused as refused:
                    log.info("a reaction was refused", extra={"reaction": self.reaction.name, "why": refused.code()})
                    break
                else:
                    break
