"""A reaction that fails on one event keeps it aside, goes on with the others, and has it done after the fix."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.shared.command import BY_NAME, HANDLERS, Command, handles
from application.shared.dispatch import Dispatch
from application.shared.ports import Ports
from application.shared.reaction import Reaction
from domain.shared.event import Recorded
from infra.app import new_id, pause
from infra.projection.builds import Builds
from infra.projection.checkpoint import Checkpoint
from infra.projection.hub import Hub
from infra.projection.leases import LEASE
from infra.projection.parked_events import ParkedEvents
from infra.projection.reacting import Reactor
from tests.eventually import eventually
from tests.infra.projection.toys import Put
from tests.infra.projection.world import World

DONE: list[str] = []
BROKEN: set[str] = set()
SLOW: dict[str, asyncio.Event] = {}


class Polish(Command, frozen=True):
    """Polish a box."""

    box: str


@pytest.fixture(autouse=True)
def _polishing() -> Iterator[None]:
    DONE.clear()
    BROKEN.clear()
    SLOW.clear()

    @handles(Polish)
    async def polish(command: Polish, ports: Ports) -> None:
        del ports
        DONE.append(command.box)
        if command.box in SLOW:
            await SLOW[command.box].wait()

    yield
    del HANDLERS[Polish], BY_NAME["Polish"]


def react(recorded: Recorded[Put]) -> list[Polish]:
    if recorded.event.box in BROKEN:
        raise KeyError(recorded.event.box)
    return [Polish(box=recorded.event.box)]


async def reacting(world: World, **more: Any) -> asyncio.Task[None]:
    if world.hub is None:
        world.hub = Hub((await world.shop.reader.head()).log_id)
    world.hub.told(await world.shop.reader.head())
    dispatch = Dispatch(log=world.log, sealing=None, passwords=None, new_id=new_id, pause=pause)
    parked = ParkedEvents(world.shop.pool, "reaction:polish")
    reactor = Reactor(Reaction("polish", (Put,), react, **more), world.shop.builds, parked, world.hub, world.bystanders, world.shop.reader, dispatch)
    if not more:  # It is registered before anything happens; else it finds out itself where to begin.
        await world.shop.builds.ensure_reaction("polish", await world.shop.reader.head())
    return asyncio.create_task(reactor.run())


async def done(*boxes: str) -> None:
    async def are() -> bool:
        return list(boxes) == DONE

    await eventually(are)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_an_event_it_fails_on_is_kept_aside_and_done_after_the_fix(world: World):
    BROKEN.add("b")
    task = await reacting(world)
    for box in "abc":
        await world.put(Put(box=box))
    await done("a", "c")
    await ended(task)
    assert await ParkedEvents(world.shop.pool, "reaction:polish").positions() == [2]
    BROKEN.clear()
    task = await reacting(world)
    await done("a", "c", "b")

    async def nothing_is_parked() -> bool:
        return not await ParkedEvents(world.shop.pool, "reaction:polish").positions()

    await eventually(nothing_is_parked)
    await ended(task)


async def test_a_command_that_takes_longer_than_a_lease_keeps_it_so_nobody_does_the_same_beside(world: World):
    gate, others = asyncio.Event(), Builds(world.shop.pool, uuid4())
    SLOW["a"] = gate
    task = await reacting(world)
    await world.put(Put(box="a"))
    await done("a")
    until = time.monotonic() + 1.5 * LEASE
    while time.monotonic() < until:
        assert await others.acquire("reaction:polish", 0) is None
    gate.set()
    await world.put(Put(box="b"))
    await done("a", "a", "b")  # What took over 2 s to decide is decided again, here as everywhere.
    await ended(task)


async def test_a_log_that_lost_what_was_reacted_to_stops_the_reaction(world: World):
    await world.put(Put(box="a"))
    head = await world.shop.reader.head()
    await world.shop.builds.ensure_reaction("polish", Checkpoint(head.log_id, head.position, uuid4(), 1))
    task = await reacting(world)

    async def is_diverged() -> bool:
        return [one.state for one in await world.shop.builds.all() if one.model == "reaction:polish"] == ["diverged"]

    await eventually(is_diverged)
    await world.put(Put(box="b"), stream=UUID(int=9))
    assert not task.done()
    assert DONE == []
    await ended(task)


async def test_a_reaction_that_may_miss_nothing_begins_with_the_first_event_it_listens_to(world: World):
    await world.put(Put(box="a"))
    await world.put(Put(box="b"))
    task = await reacting(world, from_first=True)
    await done("a", "b")
    await ended(task)


async def test_any_other_new_reaction_begins_at_the_head(world: World):
    await world.put(Put(box="a"))
    task = await reacting(world)
    await world.put(Put(box="b"))
    await done("b")
    await ended(task)


async def test_streams_side_by_side_each_in_its_order(world: World):
    gate = SLOW["a"] = asyncio.Event()
    first, second = UUID(int=21), UUID(int=22)
    for stream, box in ((first, "a"), (first, "b"), (second, "c"), (second, "d")):
        await world.put(Put(box=box), stream=stream)
    task = await reacting(world, from_first=True, at_once=8)
    await done("a", "c", "d")
    gate.set()
    await done("a", "c", "d", "b")
    await ended(task)
