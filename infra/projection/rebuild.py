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
from infra.projection.fill import Fill, TooManyParked, Watch, fill
from infra.projection.hub import Hub
from infra.projection.leases import LEASE, Build
from infra.projection.projector import Projector
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
    async with workshop(settings) as shop, shop.alone(model):
        filling = await _begun(shop, model)
        work = Fill(settings.database_url, settings.redis_url, model, filling.build, filling.checkpoint)
        parked = await in_thread(lambda: fill(work, watch, jobs), watch)
        if not await shop.reader.belongs(filling.checkpoint):
            await _discard(shop, model, filling.build)
            raise Diverged(f"the log changed while {model.name} was rebuilt")
        await shop.builds.mark(model.table, filling.build, "ready", filling.checkpoint)
        differs = None
        if not at_once:
            async with _followed(shop, model, filling.build, watch):
                differs = await _difference(shop, model, filling.build, watch)
        await show(shop, model, filling.build)
        return Rebuilt(model.name, filling.build, filling.checkpoint.position, time.monotonic() - began, differs, len(parked))


async def _begun(shop: Workshop, model: ReadModel[Any]) -> Build:
    """The build to fill: one that was left unfinished and still fits, else a new one."""
    for left in await shop.builds.of(model.table, "building", "ready"):
        if left.state == "building" and await shop.reader.belongs(left.checkpoint):
            return left
        await _discard(shop, model, left.build)
    head = await shop.reader.head()
    number = await shop.builds.add(model, "building", head)
    await shop.builds.mark(model.table, number, "building", head)
    made = await shop.one(model, number)
    assert made is not None
    return made


async def _discard(shop: Workshop, model: ReadModel[Any], build: int) -> None:
    if model.store == "redis":
        await shop.cache(model, build).clear()
    await shop.builds.retire(model, build)


async def show(shop: Workshop, model: ReadModel[Any], build: int) -> None:
    """Let queries see a build; the one they saw stays folded for a roll-back, an older one goes."""
    older = [one for one in await shop.builds.of(model.table, "previous") if one.build != build]
    if model.store == "redis":
        await shop.cache(model, build).show()
    await shop.builds.switch(model, build)
    if model.store == "redis":
        for one in older:
            await shop.cache(model, one.build).clear()


async def _difference(shop: Workshop, model: ReadModel[Any], build: int, watch: Watch) -> int | None:
    old = await shop.builds.of(model.table, "live")
    watch.progress("comparing", 0, 1)
    with suppress(Damaged):  # The old one cannot be read: maybe that is why it is made anew.
        return await differing(shop, model, old[0].build, build) if old else None
    return None


@asynccontextmanager
async def _followed(shop: Workshop, model: ReadModel[Any], build: int, watch: Watch) -> AsyncIterator[None]:
    """A build that has reached the head of now and is kept there: by the consumers, or from here when none of them takes it."""
    head = await shop.reader.head()
    own: list[asyncio.Task[None]] = []
    patient_until = time.monotonic() + PATIENCE
    try:
        while True:
            one = await shop.one(model, build)
            if one is None or one.state == "stopped":
                raise Diverged(f"build {build} of {model.name} was given up while it caught up")
            stands = await shop.stands(model, one)
            watch.progress("catching up", stands.position, head.position)
            if stands.position >= head.position:
                break
            if not own and not one.is_held and time.monotonic() > patient_until:
                hub = Hub(head.log_id)
                bystanders = Bystanders(hub, shop.builds, shop.redis, _nobody_waits)
                works = (_tell(shop, hub), bystanders.run(), _projector(shop, model, build, hub, bystanders).run())
                own = [asyncio.create_task(work) for work in works]
            for task in own:
                if task.done():
                    task.result()
            await asyncio.sleep(POLL)
        yield
    finally:
        await ended(*own)


async def _tell(shop: Workshop, hub: Hub) -> None:
    while True:
        hub.told(await shop.reader.head())
        await asyncio.sleep(POLL)


async def _nobody_waits(*_: Any) -> None:
    """Nobody reads this build yet."""


def _projector(shop: Workshop, model: ReadModel[Any], build: int, hub: Hub, bystanders: Bystanders) -> Projector:
    return Projector(
        model=model,
        build=build,
        store=shop.store(model, build),
        builds=shop.builds,
        hub=hub,
        bystanders=bystanders,
        reader=shop.reader,
        moved=_nobody_waits,
        mend=_nobody_waits,
    )


async def refill(settings: Settings, model: ReadModel[Any], held: Build, watch: Watch | None = None) -> None:
    """Fill a build in Redis again that lost rows or everything, under the lease it is held with; raises `Stopped` when that is lost."""
    watch = watch or Watch()
    async with workshop(settings, held.holder) as shop:
        head = await shop.reader.head()
        work = Fill(settings.database_url, settings.redis_url, model, held.build, head, held.epoch)
        await _holding(shop, held, watch, in_thread(lambda: fill(work, watch), watch))
        state = "live" if held.state == "diverged" else held.state
        await shop.builds.mark(model.table, held.build, state, head)
        if state == "live":
            await shop.cache(model, held.build).show()


async def mend(settings: Settings, model: ReadModel[Any], held: Build) -> None:
    """Make a held build right that lost rows, or whose log lost what it knew: refilled in place in Redis, rebuilt in PostgreSQL."""
    try:
        if model.store == "redis":
            await refill(settings, model, held)
        elif held.state in ("live", "diverged"):
            watch = Watch()
            async with workshop(settings, held.holder) as shop:
                await _holding(shop, held, watch, _replace(shop, model, held, watch))
    except TooManyParked as reason:
        log.error("the read model stops", extra={"model": model.name, "reason": str(reason)})  # noqa: TRY400 — the reason says it all.
        async with workshop(settings, held.holder) as shop:
            await shop.builds.give_up(held, "stopped")
    except (Stopped, Busy, Diverged, Damaged) as reason:
        log.warning("mending is tried again, here or by another process", extra={"model": model.name, "reason": repr(reason)})
        await asyncio.sleep(PATIENCE / 4)


async def _replace(shop: Workshop, model: ReadModel[Any], held: Build, watch: Watch) -> None:
    await rebuild(shop.settings, model, watch=watch, at_once=True)
    await shop.builds.retire(model, held.build)


async def _holding(shop: Workshop, held: Build, watch: Watch, work: Awaitable[None] | Awaitable[Any]) -> None:
    """Do it while the lease is kept; when the lease is lost, the work is stopped."""

    async def keep() -> None:
        while await shop.builds.renew(held):  # noqa: ASYNC110 — a lease is kept by time.
            await asyncio.sleep(LEASE / 4)
        watch.stop.set()

    keeping = asyncio.create_task(keep())
    try:
        await work
    finally:
        await ended(keeping)


async def rollback(settings: Settings, model: ReadModel[Any]) -> int:
    """Let queries see the previous build again; the number of it. Raises `NoSuchBuild`."""
    async with workshop(settings) as shop, shop.alone(model):
        previous = await shop.builds.of(model.table, "previous")
        if not previous:
            raise NoSuchBuild(f"{model.name} has no previous build")
        await show(shop, model, previous[-1].build)
        return previous[-1].build


async def retire(settings: Settings, model: ReadModel[Any]) -> list[int]:
    """Remove the previous build, so that it is not folded any more. Raises `NoSuchBuild`."""
    async with workshop(settings) as shop, shop.alone(model):
        previous = await shop.builds.of(model.table, "previous")
        if not previous:
            raise NoSuchBuild(f"{model.name} has no previous build")
        for one in previous:
            await _discard(shop, model, one.build)
        return [one.build for one in previous]
