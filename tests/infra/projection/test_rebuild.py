"""Rebuilding: from nothing but the log, while everything goes on."""

import psycopg
import pytest

from infra.projection import fill as filling
from infra.projection.rebuild import rebuild, retire, rollback
from infra.projection.watch import Watch
from tests.infra.projection.toys import BOXES, BOXES_IN_REDIS, STREAMS
from tests.infra.projection.world import World, a_put

BOTH = pytest.mark.parametrize("model", [BOXES, BOXES_IN_REDIS], ids=lambda model: model.store)
ALL = pytest.mark.parametrize("model", [BOXES, BOXES_IN_REDIS, STREAMS], ids=lambda model: model.name)


@ALL
async def test_a_rebuild_equals_the_fold_of_the_log(any_world: World, model):
    await any_world.ensure(model)
    await any_world.fill_boxes(600)
    rebuilt = await rebuild(any_world.settings, model)
    assert await any_world.live(model) == rebuilt.build == 2
    await any_world.equals_the_log(model)


@ALL
async def test_many_parts_give_the_same_rows_as_one(world: World, model, monkeypatch):
    monkeypatch.setattr(filling, "EVENTS", 100)
    await world.ensure(model)
    await world.fill_boxes(600)
    await rebuild(world.settings, model)
    await world.equals_the_log(model)


@BOTH
async def test_a_rebuild_goes_on_while_commands_are_accepted(world: World, model, monkeypatch):
    monkeypatch.setattr(filling, "EVENTS", 100)
    await world.fill_boxes(300)
    await world.ensure(model)
    world.fold(model)
    await world.caught_up(model)
    async with world.under_load():
        rebuilt = await rebuild(world.settings, model)
    assert rebuilt.differing == 0
    world.fold(model, rebuilt.build)
    await world.caught_up(model)
    await world.equals_the_log(model)


async def test_rows_that_the_old_build_lost_invented_or_changed_are_counted(world: World):
    await world.fill_boxes(100)
    await world.ensure(BOXES)
    await rebuild(world.settings, BOXES)
    table, boxes = f"read_models.{BOXES.table}_b2", sorted(world.rows(BOXES, 2))
    with psycopg.connect(world.settings.database_url, options="-c role=daybook_app", autocommit=True) as connection:
        connection.execute(f"delete from {table} where box = '{boxes[0]}'")
        connection.execute(f"update {table} set note = '[7]' where box = '{boxes[1]}'")
        connection.execute(f"update {table} set by = null where box = '{boxes[2]}'")
        connection.execute(f"insert into {table} select 'nowhere', total, puts, at, note, share, by, is_full from {table} where box = '{boxes[3]}'")
    assert (await rebuild(world.settings, BOXES)).differing == 4
    assert (await rebuild(world.settings, BOXES)).differing == 0


@BOTH
async def test_the_old_build_stays_folded_so_that_a_roll_back_is_real(world: World, model):
    await world.fill_boxes(100)
    await world.ensure(model)
    world.fold(model)
    await world.caught_up(model)
    await rebuild(world.settings, model)
    world.fold(model, 2)
    await world.put(a_put(1))
    assert await rollback(world.settings, model) == 1
    assert await world.live(model) == 1
    await world.caught_up(model, 1)
    await world.equals_the_log(model)
    assert await retire(world.settings, model) == [2]
    assert [one.build for one in await world.shop.builds.all()] == [1]


@BOTH
async def test_worker_processes_give_the_same_rows(world: World, model, monkeypatch):
    monkeypatch.setattr(filling, "EVENTS", 100)
    await world.ensure(model)
    await world.fill_boxes(400)
    seen = []
    await rebuild(world.settings, model, jobs=2, watch=Watch(lambda what, *_: seen.append(what)))
    await world.equals_the_log(model)
    assert "reading" in seen
    assert "folding" in seen
