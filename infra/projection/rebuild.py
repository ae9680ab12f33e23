"""A read model made anew from the log while the old build keeps serving; and mending of builds that lost what they knew."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import msgspec

from infra.cancellation import ended
from infra.projection.builds import NoSuchBuild
from infra.projection.bulk_read import Stopped
from infra.projection.bystanders import Bystanders
from infra.projection.compare import differing
from infra.projection.fill import Fill, TooManyParked, fill
from infra.projection.hub import Hub
from infra.projection.leases import LEASE, Build
from infra.projection.projector import Projector
from infra.projection.watch import Watch
from infra.projection.workshop import Busy, Workshop, in_thread, workshop
from infra.redis.row_cache import Damaged
from infra.settings import Settings
from projections.shared.read_model import ReadModel

log = logging.getLogger(__name__)
PATIENCE: Final = 2.0
"""Seconds after which a new build that no consumer folds is caught up from here."""
POLL: Final = 0.03


class Diverged(Exception):
    """The log changed its identity or lost its tail while it was read; begin again."""


class Rebuilt(msgspec.Struct, frozen=True):
    """What came of a rebuild: events and seconds until queries saw it, keys whose rows differ from the old build's (None: not
    compared), keys that are parked.
    """

    model: str
    build: int
    events: int
    seconds: float
    differing: int | None
    parked: int


async def rebuild(settings: Settings, model: ReadModel[Any], *, jobs: int = 1, watch: Watch | None = None, at_once: bool = False) -> Rebuilt:
    """Fill a new build, let it catch up, compare it and switch to it; goes on where an earlier one was interrupted.

    `at_once`: switch without catching up and comparing. Raises `Busy`, `Diverged`, `TooManyParked`.
    """
    began, watch = time.monotonic(), watch or Watch()
    async with workshop(settings) as tools, tools.alone(model):
        filling = await _begun(tools, model)
        work = Fill(settings.database_url, settings.redis_url, model, filling.build, filling.checkpoint)
        parked = await in_thread(lambda: fill(work, watch, jobs), watch)
        if not await tools.reader.belongs(filling.checkpoint):
            await _discard(tools, model, filling.build)
            raise Diverged(f"the log changed while {model.name} was rebuilt")
        await tools.builds.mark(model.table, filling.build, "ready", filling.checkpoint)
        differs = None
        if not at_once:
            async with _followed(tools, model, filling.build, watch):
                differs = await _difference(tools, model, filling.build, watch)
        await show(tools, model, filling.build)
        return Rebuilt(model.name, filling.build, filling.checkpoint.position, time.monotonic() - began, differs, len(parked))


async def _begun(tools: Workshop, model: ReadModel[Any]) -> Build:
    """The build to fill: one that was left unfinished and still fits, else a new one."""
    for left in await tools.builds.of(model.table, "building", "ready"):
        if left.state == "building" and await tools.reader.belongs(left.checkpoint):
            return left
        await _discard(tools, model, left.build)
    head = await tools.reader.head()
    number = await tools.builds.add(model, "building", head)
    await tools.builds.mark(model.table, number, "building", head)
    made = await tools.one(model, number)
    assert made is not None
    return made


async def _discard(tools: Workshop, model: ReadModel[Any], build: int) -> None:
    if model.store == "redis":
        await tools.cache(model, build).clear()
    await tools.builds.retire(model, build)


async def show(tools: Workshop, model: ReadModel[Any], build: int) -> None:
    """Let queries see a build; the one they saw stays folded for a roll-back, an older one goes."""
    older = [one for one in await tools.builds.of(model.table, "previous") if one.build != build]
    if model.store == "redis":
        await tools.cache(model, build).show()
    await tools.builds.switch(model, build)
    if model.store == "redis":
        for one in older:
            await tools.cache(model, one.build).clear()


async def _difference(tools: Workshop, model: ReadModel[Any], build: int, watch: Watch) -> int | None:
    old = await tools.builds.of(model.table, "live")
    watch.progress("comparing", 0, 1)
    with suppress(Damaged):  # The old one cannot be read: maybe that is why it is made anew.
        return await differing(tools, model, old[0].build, build) if old else None
    return None


@asynccontextmanager
async def _followed(tools: Workshop, model: ReadModel[Any], build: int, watch: Watch) -> AsyncIterator[None]:
    """A build that has reached the head of now and is kept there: by the consumers, or from here when none of them takes it."""
    head = await tools.reader.head()
    own: list[asyncio.Task[None]] = []
    patient_until = time.monotonic() + PATIENCE
    try:
        while True:
            one = await tools.one(model, build)
            if one is None or one.state == "stopped":
                raise Diverged(f"build {build} of {model.name} was given up while it caught up")
            stands = await tools.stands(model, one)
            watch.progress("catching up", stands.position, head.position)
            if stands.position >= head.position:
                break
            if not own and not one.is_held and time.monotonic() > patient_until:
                hub = Hub(head.log_id)
                bystanders = Bystanders(hub, tools.builds, tools.redis, _nobody_waits)
                works = (_tell(tools, hub), bystanders.run(), _projector(tools, model, build, hub, bystanders).run())
                own = [asyncio.create_task(work) for work in works]
            for task in own:
                if task.done():
                    task.result()
            await asyncio.sleep(POLL)
        yield
    finally:
        await ended(*own)


async def _tell(tools: Workshop, hub: Hub) -> None:
    while True:
        hub.told(await tools.reader.head())
        await asyncio.sleep(POLL)


async def _nobody_waits(*_: Any) -> None:
    """Nobody reads this build yet."""


def _projector(tools: Workshop, model: ReadModel[Any], build: int, hub: Hub, bystanders: Bystanders) -> Projector:
    return Projector(
        model=model,
        build=build,
        store=tools.store(model, build),
        builds=tools.builds,
        hub=hub,
        bystanders=bystanders,
        reader=tools.reader,
        moved=_nobody_waits,
        mend=_nobody_waits,
    )


async def refill(settings: Settings, model: ReadModel[Any], held: Build, watch: Watch | None = None) -> None:
    """Fill a build in Redis again that lost rows or everything, under the lease it is held with; raises `Stopped` when that is lost."""
    watch = watch or Watch()
    async with workshop(settings, held.holder) as tools:
        head = await tools.reader.head()
        work = Fill(settings.database_url, settings.redis_url, model, held.build, head, held.epoch)
        await _holding(tools, held, watch, in_thread(lambda: fill(work, watch), watch))
        state = "live" if held.state == "diverged" else held.state
        await tools.builds.mark(model.table, held.build, state, head)
        if state == "live":
            await tools.cache(model, held.build).show()


async def mend(settings: Settings, model: ReadModel[Any], held: Build) -> None:
    """Make a held build right that lost rows, or whose log lost what it knew: refilled in place in Redis, rebuilt in PostgreSQL."""
    try:
        if model.store == "redis":
            await refill(settings, model, held)
        elif held.state in ("live", "diverged"):
            watch = Watch()
            async with workshop(settings, held.holder) as tools:
                await _holding(tools, held, watch, _replace(tools, model, held, watch))
    except TooManyParked as reason:
        log.error("the read model stops", extra={"model": model.name, "reason": str(reason)})  # noqa: TRY400 — the reason says it all.
        async with workshop(settings, held.holder) as tools:
            await tools.builds.give_up(held, "stopped")
    except (Stopped, Busy, Diverged, Damaged) as reason:
        log.warning("mending is tried again, here or by another process", extra={"model": model.name, "reason": repr(reason)})
        await asyncio.sleep(PATIENCE / 4)


async def _replace(tools: Workshop, model: ReadModel[Any], held: Build, watch: Watch) -> None:
    await rebuild(tools.settings, model, watch=watch, at_once=True)
    await tools.builds.retire(model, held.build)


async def _holding(tools: Workshop, held: Build, watch: Watch, work: Awaitable[None] | Awaitable[Any]) -> None:
    """Do it while the lease is kept; when the lease is lost, the work is stopped."""

    async def keep() -> None:
        while await tools.builds.renew(held):  # noqa: ASYNC110 — a lease is kept by time.
            await asyncio.sleep(LEASE / 4)
        watch.stop.set()

    keeping = asyncio.create_task(keep())
    try:
        await work
    finally:
        await ended(keeping)


async def rollback(settings: Settings, model: ReadModel[Any]) -> int:
    """Let queries see the previous build again; the number of it. Raises `NoSuchBuild`."""
    async with workshop(settings) as tools, tools.alone(model):
        previous = await tools.builds.of(model.table, "previous")
        if not previous:
            raise NoSuchBuild(f"{model.name} has no previous build")
        await show(tools, model, previous[-1].build)
        return previous[-1].build


async def retire(settings: Settings, model: ReadModel[Any]) -> list[int]:
    """Remove the previous build, so that it is not folded any more. Raises `NoSuchBuild`."""
    async with workshop(settings) as tools, tools.alone(model):
        previous = await tools.builds.of(model.table, "previous")
        if not previous:
            raise NoSuchBuild(f"{model.name} has no previous build")
        for one in previous:
            await _discard(tools, model, one.build)
        return [one.build for one in previous]
