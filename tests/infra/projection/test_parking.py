"""A fold that fails costs its own keys and nothing else, and replaying mends them (R3)."""

from uuid import uuid4

import psycopg
import pytest

from infra.projection import fill as filling
from infra.projection.as_of import NotByStream, as_of
from infra.projection.fill import TooManyParked
from infra.projection.parked import parked_keys, replay
from infra.projection.rebuild import rebuild
from infra.projection.verify import verify
from tests.eventually import eventually
from tests.infra.projection import toys
from tests.infra.projection.toys import BOXES, BOXES_IN_REDIS, STREAMS, Put
from tests.infra.projection.world import World

BOTH = pytest.mark.parametrize("model", [BOXES, BOXES_IN_REDIS], ids=lambda model: model.store)


async def poisoned(world: World) -> None:
    """A poisoned box, one that it was taken from, one that was touched later by that one; and those that have nothing to do with it."""
    await world.put(Put(box="a", amount=3), Put(box="b", amount=3), Put(box="c", amount=3), Put(box="d", amount=3))
    await world.put(Put(box="a", taken_from="b", poison=True))
    await world.put(Put(box="c", taken_from="b"), Put(box="d"), Put(box="a"), Put(box="e", amount=2))


@BOTH
async def test_poison_parks_its_keys_and_theirs_and_everything_else_goes_on(any_world: World, model):
    await any_world.ensure(model)
    any_world.fold(model)
    await poisoned(any_world)
    await any_world.caught_up(model)
    assert await any_world.parked(model) == {"a", "b", "c"}
    await any_world.equals_the_log(model)
    assert any_world.rows(model, 1)["d"].total == 4
    told = await parked_keys(any_world.settings)
    assert [(one.key, one.position) for one in told] == [("a", 5), ("b", 5), ("c", 6)]
    assert told[0].error == "ValueError('poison')"
    found = await verify(any_world.settings, model)
    assert found.is_right
    assert found.parked == ["a", "b", "c"]


@BOTH
@pytest.mark.parametrize("events", [400_000, 2], ids=["one part", "many parts"])
async def test_a_rebuild_parks_exactly_what_live_folding_parks(world: World, model, events, monkeypatch):
    monkeypatch.setattr(filling, "EVENTS", events)
    await world.ensure(model)
    await poisoned(world)
    rebuilt = await rebuild(world.settings, model)
    assert rebuilt.parked == 3
    assert await world.parked(model, 2) == {"a", "b", "c"}
    await world.equals_the_log(model)


@BOTH
async def test_replay_mends_the_keys_after_the_fix_while_folding_goes_on(world: World, model):
    await world.ensure(model)
    world.fold(model)
    await poisoned(world)
    await world.caught_up(model)
    assert (await replay(world.settings, model))[0].parked == 3, "not fixed yet"
    await world.equals_the_log(model)
    toys.BROKEN.clear()
    async with world.under_load():
        told = await replay(world.settings, model)
    assert [(one.mended, one.parked) for one in told] == [(3, 0)]
    await world.put(Put(box="a"), Put(box="b"))
    await world.caught_up(model)
    assert await world.parked(model) == set()
    await world.equals_the_log(model)


async def test_an_event_whose_keys_cannot_be_told_parks_its_stream(world: World):
    def untold(recorded):
        if recorded.event.poison and toys.BROKEN:
            raise KeyError("which box?")
        return toys.box_keys(recorded)

    model = toys.but(BOXES, keys=untold)
    await world.ensure(model)
    world.fold(model)
    stream = toys.A_STREAM
    await world.put(Put(box="a", amount=2), Put(box="b", poison=True), Put(box="c"), stream=stream)
    await world.put(Put(box="d"))
    await world.caught_up(model)
    assert await world.parked(model) == {f"stream:{stream}", "c"}
    assert set(world.rows(model, 1)) == {"a", "d"}
    rebuilt = await rebuild(world.settings, model)
    assert await world.parked(model, rebuilt.build) == {f"stream:{stream}", "c"}
    toys.BROKEN.clear()
    await replay(world.settings, model)
    assert await world.parked(model, rebuilt.build) == set()
    assert set(world.rows(model, rebuilt.build)) == {"a", "b", "c", "d"}


async def test_above_a_limit_the_read_model_stops_instead_of_showing_half(world: World, monkeypatch):
    monkeypatch.setattr("infra.projection.projector.PARKED_AT_MOST", 3)
    monkeypatch.setattr(filling, "PARKED_AT_MOST", 3)
    await world.ensure(BOXES)
    await world.put(*(Put(box=f"box {nth}", poison=True) for nth in range(5)))
    with pytest.raises(TooManyParked):
        await rebuild(world.settings, BOXES)
    world.fold(BOXES)

    async def stopped() -> bool:
        return bool(await world.shop.builds.of(BOXES.table, "stopped"))

    await eventually(stopped)


async def test_as_of_shows_a_row_as_it_was(world: World):
    stream = toys.A_STREAM
    await world.put(Put(box="a", amount=1), stream=stream)
    middle = await world.put(Put(box="a", amount=2), stream=stream)
    moment = (await world.events())[-1].recorded_at
    await world.put(Put(box="a", amount=4), stream=stream)
    seen = await as_of(world.shop.reader, STREAMS, stream, middle)
    assert (seen.row.total, seen.row.version, seen.position) == (3, 2, middle)
    assert (await as_of(world.shop.reader, STREAMS, stream, moment)).row == seen.row
    assert (await as_of(world.shop.reader, STREAMS, stream, 0)).row is None
    with pytest.raises(NotByStream):
        await as_of(world.shop.reader, BOXES, stream, middle)


@BOTH
async def test_an_event_whose_bytes_do_not_fit_parks_its_stream_wherever_it_is_read(world: World, model):
    await world.ensure(model)
    world.fold(model)
    stream = uuid4()
    await world.put(Put(box="a", amount=3), stream=stream)
    with psycopg.connect(world.database.owner_url, autocommit=True) as connection:
        connection.execute(
            """insert into daybook.events select position + 1, stream_id, version + 1, type, '{"box": 5}', metadata, actor_id, recorded_at
               from daybook.events where stream_id = %s""",
            (stream,),
        )
    world.versions[stream] += 1
    await world.put(Put(box="b", amount=2))
    await world.put(Put(box="a", amount=1), stream=stream)
    await world.caught_up(model)
    assert await world.parked(model) == {f"stream:{stream}", "a"}
    assert world.rows(model, 1)["a"].total == 3
    assert world.rows(model, 1)["b"].total == 2
    rebuilt = await rebuild(world.settings, model)
    assert rebuilt.parked == 2
    assert world.rows(model, 2)["b"].total == 2
