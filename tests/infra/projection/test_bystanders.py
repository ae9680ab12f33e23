"""Whom the newest events do not concern is moved together with all others of its kind, and woken only when something is said to it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.broker.chunk import Announced, Chunk
from infra.cancellation import ended
from infra.projection.bystanders import Bystander, Bystanders, Lost
from infra.projection.checkpoint import Checkpoint
from infra.projection.hub import Hub
from infra.projection.leases import Build
from infra.redis.row_cache import Damaged
from tests.eventually import eventually
from tests.infra.projection.toys import BOXES, BOXES_IN_REDIS, STREAMS, Ignored, Put
from tests.infra.projection.world import World, a_put

LOG = UUID(int=1)


class Table:
    """`read_models`, in memory: who may move, and every statement that came."""

    def __init__(self) -> None:
        self.moves: list[list[str]] = []
        self.renewals: list[list[str]] = []
        self.robbed: set[str] = set()
        self.away = False

    async def move_all(self, builds: list[Build], new: Checkpoint) -> set[tuple[str, int]]:
        if self.away:
            raise psycopg.OperationalError("away")
        self.moves.append([f"{one.model} {one.checkpoint.position}-{new.position}" for one in builds])
        return {(one.model, one.build) for one in builds if one.model not in self.robbed}

    async def renew(self, *builds: Build) -> set[tuple[str, int]]:
        self.renewals.append(sorted(one.model for one in builds))
        return {(one.model, one.build) for one in builds if one.model not in self.robbed}


class Scene:
    """Three who stand by, and a hub that hears."""

    def __init__(self) -> None:
        self.table, self.hub, self.told = Table(), Hub(LOG), []
        self.bystanders = Bystanders(self.hub, self.table, None, self._tell)
        self.three = [Bystander(a_build(name), Checkpoint(LOG), {Put}) for name in "abc"]

    async def _tell(self, position: int, *tables: str) -> None:
        self.told.append((position, sorted(tables)))

    def stand(self, one: Bystander, seconds: float = 5) -> "asyncio.Task[bool]":
        return asyncio.create_task(self.bystanders.stand_by(one, seconds))

    def hears(self, first: int, *names: str) -> None:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        events = [Announced(first + nth, uuid4(), 1, f"projection_toy.{name}", b'{"box":"b"}', b"{}", None, at) for nth, name in enumerate(names)]
        self.hub.receive(Chunk(LOG, first, events[-1].position, events[-1].position, events))


async def something(there: list[Any]) -> None:
    async def is_there() -> bool:
        return bool(there)

    await eventually(is_there)


def a_build(name: str) -> Build:
    return Build(name, 1, "postgres", "live", Checkpoint(LOG), 1, None, is_held=True, parked=0)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    made = Scene()
    running = asyncio.create_task(made.bystanders.run())
    await asyncio.sleep(0)
    yield made
    await ended(running)


async def test_positions_of_all_whom_nothing_concerns_move_with_one_statement(scene):
    standing = [scene.stand(one, 0.2) for one in scene.three]
    scene.hears(1, "ignored", "ignored")
    scene.hears(3, "ignored")
    await something(scene.told)
    assert [sorted(moved) for moved in scene.table.moves] == [["a 0-3", "b 0-3", "c 0-3"]]
    assert scene.told == [(3, ["a", "b", "c"])]
    assert await asyncio.gather(*standing) == [False, False, False]
    assert [one.held.checkpoint.position for one in scene.three] == [3, 3, 3]


async def test_whom_an_event_concerns_is_told_at_once_and_has_not_gone_past_it(scene):
    first = scene.stand(scene.three[0])
    scene.hears(1, "ignored")
    await something(scene.table.moves)
    scene.hears(2, "ignored", "put", "ignored")
    assert await first
    assert scene.three[0].position == 1


async def test_who_comes_late_reads_what_concerns_it_and_stands_by_when_nothing_does(scene):
    scene.hears(1, "put", "ignored", "ignored")
    assert await scene.stand(scene.three[0])
    scene.three[1].reached(Checkpoint(LOG, 1))
    assert not await scene.stand(scene.three[1], 0.1)
    assert scene.three[1].position == 3


async def test_who_was_not_moved_has_lost_its_lease_and_the_others_go_on(scene):
    scene.table.robbed = {"b"}
    standing = [scene.stand(one, 0.2) for one in scene.three]
    scene.hears(1, "ignored")
    outcomes = await asyncio.gather(*standing, return_exceptions=True)
    assert [type(one) for one in outcomes] == [bool, Lost, bool]


async def test_when_the_database_is_away_nobody_believes_to_have_moved(scene):
    scene.table.away = True
    standing = scene.stand(scene.three[0])
    scene.hears(1, "ignored")
    with pytest.raises(psycopg.OperationalError):
        await standing
    assert scene.three[0].position == 0


@pytest.mark.parametrize("how", ["a chunk behind a hole", "only the head", "another log"])
async def test_when_something_was_not_heard_everybody_reads_the_log_himself(scene, how):
    scene.hears(1, "ignored")
    standing = [scene.stand(one) for one in scene.three]
    await something(scene.table.moves)
    if how == "a chunk behind a hole":
        scene.hears(9, "ignored")
    elif how == "only the head":
        scene.hub.told(Checkpoint(LOG, 9))
    else:
        scene.hub.restart(Checkpoint(UUID(int=2), 9))
    assert await asyncio.gather(*standing) == [True, True, True]


async def test_leases_of_those_who_only_wait_are_kept_with_one_statement(scene):
    standing = [scene.stand(one) for one in scene.three]
    scene.table.robbed = {"c"}
    with pytest.raises(Lost):
        await standing[2]
    assert scene.table.renewals == [["a", "b", "c"]]
    assert await scene.bystanders.keeps(scene.three[0])
    assert scene.table.renewals == [["a", "b", "c"]], "and not again by each"
    await ended(*standing)


async def holds(world: World, model: Any) -> Bystander:
    """One who holds the lease of a build and stands at the head."""
    held = await world.shop.builds.acquire(model.table, 1)
    assert held is not None
    store = world.shop.store(model, 1)
    return Bystander(held, await store.stands(held), {Put}, store.cache)


@pytest.mark.parametrize("robbed", ["the epoch", "the position", "the log", "nothing"])
async def test_in_postgresql_each_row_is_fenced_by_itself(world: World, robbed: str):
    await world.ensure(BOXES, STREAMS)
    mine = [await holds(world, model) for model in (BOXES, STREAMS)]
    log_id = mine[0].held.checkpoint.log_id
    change = {"the epoch": "epoch = epoch + 1", "the position": "position = 1", "the log": "log_id = gen_random_uuid()"}.get(robbed)
    if change:
        async with world.shop.pool.connection() as connection:
            await connection.execute(f"update read_models set {change} where model = %s".encode(), (BOXES.table,))
    moved = await world.shop.builds.move_all([one.held for one in mine], Checkpoint(log_id, 3, uuid4(), 1))
    assert moved == {one.name for one in mine if not change or one.held.model == STREAMS.table}
    assert [await world.position(model, 1) for model in (BOXES, STREAMS)] == [{"nothing": 3, "the position": 1}.get(robbed, 0), 3]


@pytest.mark.parametrize(("harm", "seen"), [(None, None), ("epoch", Lost), ("position", Lost), ("log", Lost), ("a row", Damaged)])
async def test_in_redis_too_and_what_was_lost_is_noticed(world: World, harm: str | None, seen: type[Exception] | None):
    await world.ensure(BOXES_IN_REDIS)
    world.fold(BOXES_IN_REDIS)
    await world.put(a_put(1))
    await world.caught_up(BOXES_IN_REDIS)
    await ended(*world.tasks)
    world.tasks.clear()
    del world.bystanders
    world.hub = Hub((await world.shop.reader.head()).log_id)
    world.hub.restart(await world.shop.reader.head())
    one = await holds(world, BOXES_IN_REDIS)
    assert one.cache is not None
    if harm == "a row":
        world.redis.hdel(one.cache.rows_key, *world.redis.hkeys(one.cache.rows_key))
    elif harm:
        world.redis.hset(one.cache.meta, harm, 99)
    standing = asyncio.create_task(world.bystanders.stand_by(one, 1))
    position = await world.put(Ignored())
    recorded = (await world.shop.reader.after(position - 1, 1))[0]
    world.hub.receive(
        Chunk(
            world.hub.log_id,
            position,
            position,
            position,
            [Announced(position, recorded.stream_id, 1, "projection_toy.ignored", b"{}", b"{}", None, recorded.recorded_at)],
        )
    )
    if seen:
        with pytest.raises(seen):
            await standing
    else:
        assert await asyncio.wait_for(standing, 5) is False
        assert await world.position(BOXES_IN_REDIS, 1) == one.position == position
