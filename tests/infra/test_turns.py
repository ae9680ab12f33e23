"""Turns at a busy stream: each command decides once, on what the one before left."""

from functools import partial
from uuid import UUID

import anyio
import pytest

from application.shared.command import BY_NAME, HANDLERS, Command, handles
from application.shared.context import SYSTEM
from application.shared.ports import Ports
from application.shared.turns import Turns
from tests.infra.log.toys import Added, Counter
from tests.scenario import World, together

STREAM, OTHER = UUID(int=1), UUID(int=2)
RUNS: list[int] = []


class Add(Command, frozen=True):
    """Add one to a counter."""

    waits: bool


@pytest.fixture(autouse=True)
def _adding():
    RUNS.clear()

    @handles(Add)
    async def add(command: Add, ports: Ports) -> None:
        if command.waits:
            await ports.log.turn([STREAM])
        counter = await ports.log.load(Counter, STREAM)
        RUNS.append(counter.version)
        ports.log.stage(counter, Added())

    yield
    del HANDLERS[Add], BY_NAME["Add"]


@pytest.mark.parametrize("waits", [True, False])
async def test_who_waits_for_their_turn_decides_once(waits):
    world = World(interleaved=True)
    await together(*(partial(world.do, Add(waits=waits), SYSTEM) for _ in range(12)))
    assert (await world.log.load(Counter, STREAM))[0].total == 12
    assert (list(range(12)) == RUNS) is waits


async def test_two_who_want_the_same_streams_in_another_order_do_not_wait_for_each_other():
    turns, done = Turns(), []

    async def want(*streams):
        taken = await turns.take(streams)
        await anyio.lowlevel.checkpoint()
        done.append(streams)
        turns.leave(taken)

    with anyio.fail_after(5):
        await together(*(partial(want, *pair) for pair in [(STREAM, OTHER), (OTHER, STREAM)] * 20))
    assert len(done) == 40
    assert not turns._turns


async def test_who_gives_up_waiting_leaves_nothing_behind():
    turns = Turns()
    taken = await turns.take([OTHER])
    with anyio.move_on_after(0.01):
        await turns.take([STREAM, OTHER])
    turns.leave(taken)
    assert not turns._turns
