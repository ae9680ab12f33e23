"""Verifying: whatever differs from the log is found, and nothing else."""

import psycopg
import pytest

from infra.cancellation import ended
from infra.projection import verify as verifying
from infra.projection.verify import Verified, verify
from infra.redis.row_cache import Damaged
from tests.infra.projection.toys import BOXES, BOXES_IN_REDIS, STREAMS
from tests.infra.projection.world import World

ALL = pytest.mark.parametrize("model", [BOXES, BOXES_IN_REDIS, STREAMS], ids=lambda model: model.name)


@pytest.fixture(params=["one part", "many parts"], autouse=True)
def parts(request, monkeypatch):
    if request.param == "many parts":
        monkeypatch.setattr(verifying, "EVENTS", 60)
        monkeypatch.setattr(verifying, "SLICE", 3)


async def folded(world: World, model, puts: int = 200) -> None:
    await world.fill_boxes(puts)
    await world.ensure(model)
    world.fold(model)
    await world.caught_up(model)


def sql(world: World, statement: str) -> None:
    with psycopg.connect(world.database.app_url, options="-c role=daybook_app", autocommit=True) as connection:
        connection.execute(statement)


@ALL
async def test_what_was_folded_live_is_right(any_world: World, model):
    await folded(any_world, model)
    found = await verify(any_world.settings, model)
    assert found.is_right
    assert found.rows == len(any_world.rows(model, 1)) > 0
    assert found.parked == []


async def test_a_changed_a_missing_and_an_extra_row_and_a_wrong_sum_are_found_in_postgresql(world: World):
    await folded(world, BOXES)
    one, other, *_ = sorted(world.rows(BOXES, 1))
    table = "read_models.toy_boxes_v1_b1"
    sql(world, f"update {table} set puts = puts + 1000 where box = '{one}'")
    sql(world, f"delete from {table} where box = '{other}'")
    sql(world, f"insert into {table} select 'never there', total, puts, at, note, share, by, is_full from {table} limit 1")
    sql(world, f"""update {table}_groups set number = number + 1 where "group" = 'all' and name = 'total'""")
    told = of(await verify(world.settings, BOXES))
    assert told[one]["puts"][0] == told[one]["puts"][1] + 1000
    assert told[other] == "missing"
    assert told["never there"] == "extra"
    assert len(told) == 4
    assert told["all/total"][0] == told["all/total"][1] + 1


async def test_whoever_is_missing_in_a_list_or_stands_in_one_too_many_is_found(world: World):
    await folded(world, BOXES)
    one, other, *_ = sorted(world.rows(BOXES, 1))
    table = "read_models.toy_boxes_v1_b1_lists"
    sql(world, f"delete from {table} where key = '{one}' and list like 'puts:%'")
    sql(world, f"insert into {table} values ('puts:7', '{other}')")
    told = of(await verify(world.settings, BOXES))
    assert told[one] == "not where it should be in a list or sorted set"
    assert told["lists/puts:7"] == [1, 0]


async def test_a_changed_a_missing_and_an_extra_row_a_wrong_sum_and_a_wrong_place_are_found_in_redis(world: World):
    await folded(world, BOXES_IN_REDIS)
    await ended(*world.tasks)
    rows = world.rows(BOXES_IN_REDIS, 1)
    one, other, moved = [key for key in sorted(rows) if rows[key].total > 0][:3]
    prefix = "{toy_boxes_cached_v1}:b1:"
    kept = world.redis.hget(prefix + "rows", one).decode()
    world.redis.hset(prefix + "rows", one, kept.replace('"puts":', '"puts":9'))
    world.redis.hset(prefix + "rows", "never there", kept.replace(one, "never there"))
    world.redis.hdel(prefix + "rows", other)
    world.redis.hincrby(prefix + "groups", "all\ttotal", 1)
    world.redis.zadd(prefix + "z:by_total", {moved: -5})
    told = of(await verify(world.settings, BOXES_IN_REDIS))
    assert list(told[one]) == ["puts"]
    assert told[other] == "missing"
    assert told["never there"] == "extra"
    assert told[moved] == "not where it should be in a list or sorted set"
    assert told["all/total"][0] == told["all/total"][1] + 1
    assert len(told) == 5


def of(found: Verified) -> dict:
    assert not found.is_right
    assert found.differing == len(found.differences)
    return {one.key: one.what for one in (*found.differences, *found.wrong_sums)}


@ALL
async def test_nothing_is_wrong_only_because_it_is_changing(world: World, model):
    await folded(world, model)
    async with world.under_load():
        for _ in range(3):
            found = await verify(world.settings, model)
            assert found.is_right, found


async def test_a_redis_that_lost_everything_has_nothing_to_verify(world: World):
    await folded(world, BOXES_IN_REDIS)
    await ended(*world.tasks)
    world.redis.flushdb()
    with pytest.raises(Damaged):
        await verify(world.settings, BOXES_IN_REDIS)
