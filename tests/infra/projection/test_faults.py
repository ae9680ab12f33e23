"""Whatever is killed, paused, lost or delivered twice: read models end equal to the fold of the log, and nobody restarts anything."""

import asyncio
import subprocess
import sys
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.broker.chunk import Announced, Chunk
from infra.cancellation import ended
from infra.postgres.log_reader import COLUMNS
from infra.projection import fill as filling
from infra.projection.builds import Builds
from infra.projection.cache_place import CachePlace
from infra.projection.folding import fold, touched
from infra.projection.hub import Hub
from infra.projection.rebuild import rebuild
from infra.projection.table_place import TablePlace
from infra.projection.workshop import Busy
from tests.eventually import eventually
from tests.infra.projection.toys import BOXES, BOXES_IN_REDIS, STREAMS
from tests.infra.projection.world import World, a_put

BOTH = pytest.mark.parametrize("model", [BOXES, BOXES_IN_REDIS], ids=lambda model: model.store)
PREFIX = "{toy_boxes_cached_v1}:b1:"


@BOTH
async def test_a_rebuild_killed_between_two_parts_goes_on_with_the_next(world: World, model, monkeypatch):
    await world.ensure(model)
    await world.fill_boxes(400)
    words = [sys.executable, "-m", "tests.infra.projection.killed", world.settings.database_url, world.settings.redis_url, model.name]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220 — starting is quick.
        assert [await asyncio.to_thread(process.stdout.readline) for _ in range(2)] == ["0\n", "1\n"]
        process.kill()
    written = []
    for place in (TablePlace, CachePlace):
        monkeypatch.setattr(place, "write", noting(place.write, written))
    await world.put(a_put(1))
    monkeypatch.setattr(filling, "EVENTS", 100)
    rebuilt = await eventually(lambda: rebuild_when_free(world, model))
    assert written == [2, 3], "the parts that were finished are not done again"
    assert rebuilt.build == 2
    await world.equals_the_log(model)


def noting(write, written):
    def noted(self, part, folded):
        written.append(part)
        return write(self, part, folded)

    return noted


async def rebuild_when_free(world: World, model):
    """The killed one's lock is gone as soon as PostgreSQL has noticed."""
    try:
        return await rebuild(world.settings, model)
    except Busy:
        return None


@BOTH
async def test_what_other_code_has_begun_is_not_gone_on_with(world: World, model, monkeypatch):
    monkeypatch.setattr(filling, "EVENTS", 100)
    await world.ensure(model)
    await world.fill_boxes(300)

    def fails(*_):
        raise RuntimeError("no further")

    for place in (TablePlace, CachePlace):
        monkeypatch.setattr(place, "finish", fails)
    with pytest.raises(RuntimeError, match="no further"):
        await rebuild(world.settings, model)
    monkeypatch.undo()
    written = []
    monkeypatch.setattr(filling, "EVENTS", 100)
    monkeypatch.setattr(filling, "code_of", lambda _: "other code")
    for place in (TablePlace, CachePlace):
        monkeypatch.setattr(place, "write", noting(place.write, written))
    await rebuild(world.settings, model)
    assert written == [0, 1, 2]
    await world.equals_the_log(model)


@pytest.mark.parametrize(
    "lose",
    [
        lambda redis: redis.flushdb(),
        lambda redis: redis.delete(PREFIX + "rows"),
        lambda redis: redis.delete(PREFIX + "meta"),
        lambda redis: redis.hdel(PREFIX + "rows", "box 1"),
    ],
    ids=["everything", "all rows", "the position", "one row"],
)
@pytest.mark.parametrize("busy", [True, False], ids=["busy", "idle"])
async def test_what_redis_lost_is_noticed_and_filled_again(world: World, lose, busy):
    await world.fill_boxes(200)
    await world.ensure(BOXES_IN_REDIS)
    world.fold(BOXES_IN_REDIS)
    await world.caught_up(BOXES_IN_REDIS)
    lose(world.redis)
    if busy:
        await world.put(a_put(5))
    truth = await world.truth(BOXES_IN_REDIS)

    async def is_right() -> bool:
        return (world.rows(BOXES_IN_REDIS, 1), world.sums(BOXES_IN_REDIS, 1)) == truth and bool(world.redis.get("{toy_boxes_cached_v1}:active"))

    await eventually(is_right)
    await world.caught_up(BOXES_IN_REDIS)


@BOTH
async def test_a_holder_that_was_paused_writes_nothing_when_it_wakes(world: World, model):
    await world.fill_boxes(50)
    await world.ensure(model)
    world.fold(model)
    await world.caught_up(model)
    await ended(*world.tasks)
    paused, other = world.shop.builds, Builds(world.shop.pool, uuid4())
    held = await paused.acquire(model.table, 1)
    store = world.shop.store(model, 1)
    stands = await store.stands(held)
    await world.put(a_put(3))
    events = await world.shop.reader.after(stands.position, 10)
    work = touched(model, events)
    rows = await store.load([key for _, keys, _ in work for key in keys])
    old = fold(model, work, rows, set())
    taken = await other.take(model.table, 1)
    if model.store == "redis":  # The new holder has written, or nothing could tell it from the old one.
        assert await store.apply(fold(model, [], {}, set()), stands, stands, taken.epoch)
    before = world.rows(model, 1)
    assert not await store.apply(old, stands, stands.after(events[-1]), held.epoch)
    assert world.rows(model, 1) == before
    assert not await paused.renew(held)
    assert await store.apply(old, stands, stands.after(events[-1]), taken.epoch), "the same from the new holder counts"
    await world.equals_the_log(model)


async def test_a_log_that_lost_its_tail_is_noticed_and_the_read_models_are_made_anew(world: World):
    await world.fill_boxes(100)
    models = (BOXES, BOXES_IN_REDIS, STREAMS)
    await world.ensure(*models)
    for model in models:
        world.fold(model)
        await world.caught_up(model)
    await ended(*world.tasks)
    with psycopg.connect(world.database.super_url, autocommit=True) as connection:  # As a fail-over to an older copy would do.
        connection.execute("alter table daybook.events disable trigger all")
        connection.execute("delete from daybook.events where position > 80")
        connection.execute("alter table daybook.events enable trigger all")
    world.versions.clear()
    await world.put(*(a_put(nth) for nth in range(7)))
    for model in models:
        world.fold(model)

    async def all_right() -> bool:
        for model in models:
            live = await world.shop.builds.of(model.table, "live")
            if not live or (world.rows(model, live[0].build), world.sums(model, live[0].build)) != await world.truth(model):
                return False
        return True

    await eventually(all_right, 20)


@given(order=st.lists(st.integers(0, 19), min_size=1, max_size=40), size=st.integers(1, 30))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_shuffled_repeated_and_missing_chunks_end_in_the_fold_of_the_log(chunked, order, size):
    world, rows, log_id = chunked
    await world.again(BOXES)
    world.hub = Hub(log_id)
    projector = asyncio.create_task(world.projector(BOXES).run())
    chunks = [
        Chunk(log_id, part[0].position, part[-1].position, part[-1].position, part)
        for part in (rows[start : start + size] for start in range(0, len(rows), size))
    ]
    for nth in order:
        world.hub.receive(chunks[nth % len(chunks)])
        await asyncio.sleep(0)
    world.hub.receive(Chunk(log_id, len(rows) + 1, len(rows), len(rows)))
    await world.caught_up(BOXES)
    await ended(projector)
    await world.equals_the_log(BOXES)


@pytest.fixture
async def chunked(world: World):
    await world.fill_boxes(150)
    async with world.shop.pool.connection() as connection:
        cursor = await connection.execute(f"select {COLUMNS} from events order by position", binary=True)
        rows = [Announced(*row) for row in await cursor.fetchall()]
    return world, rows, (await world.shop.reader.head()).log_id
