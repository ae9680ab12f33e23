"""The row of a product in Redis is the one in PostgreSQL; and whatever happens to Redis, nobody who reads a product notices."""

import asyncio
import socket
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.shop.product import Product
from domain.shop.stock import Stock, stock_id
from infra.projection.rebuild import rebuild
from infra.projection.verify import verify
from infra.redis.clients import client
from infra.redis.twins import READS, RedisTwins
from projections.shared.reading import Freshness
from projections.shop.products import PRODUCT_CACHE, PRODUCTS
from projections.shop.stock_movements import STOCK_MOVEMENTS
from tests.eventually import eventually
from tests.http.daybook import Api
from tests.shop.selling import at, sell

FRESH = Freshness()
META, ROWS = (f"{{{PRODUCT_CACHE.table}}}:b1:{part}" for part in ("meta", "rows"))


def hits() -> float:
    return READS.labels("product_cache", "hit")._value.get()


async def is_a_hit(api: Api, product: dict[str, Any]) -> bool:
    before = hits()
    assert (await api("GET", at(product))).status_code == 200
    return hits() == before + 1


async def both(api: Api, product_id: UUID) -> tuple[Any, Any]:
    """The row of Redis and that of PostgreSQL, when both have come as far as the log."""
    table = (await api.parts.tables.one(PRODUCTS, product_id, FRESH)).row

    async def hit() -> bool:
        before = hits()
        await api.parts.twins.one(PRODUCT_CACHE, PRODUCTS, product_id, FRESH)
        return hits() > before

    await eventually(hit)
    return (await api.parts.twins.one(PRODUCT_CACHE, PRODUCTS, product_id, FRESH)).row, table


async def test_both_rows_are_the_same_and_say_what_the_log_says(api):
    who, made = await api.admin(), await sell(api, quantity=9, low_stock_level=2)
    for body in ({"price": {"amount": 7, "currency": "EUR"}}, {"quantity": 0, "description": None}, {"quantity": 4, "name": f"Ünder {uuid4()}"}):
        assert (await api("PATCH", at(made), who, json=body)).status_code == 200
    assert (await api("DELETE", at(made), who)).status_code == 204
    product_id = UUID(made["id"])
    cached, row = await both(api, product_id)
    assert cached == row
    product, _ = await api.parts.log.load(Product, product_id)
    stock, _ = await api.parts.log.load(Stock, stock_id(product_id))
    assert (row.version, row.name, row.amount, row.currency, row.removed) == (product.version, product.name, 7, "EUR", True)
    assert (row.on_hand, row.reserved, row.low_level) == (stock.on_hand, stock.reserved, stock.low_level) == (4, 0, 2)
    assert row.sort_name == row.name.casefold()


async def test_a_product_comes_from_redis(api):
    product = await sell(api)
    await both(api, UUID(product["id"]))
    assert await is_a_hit(api, product)


async def test_a_crowd_that_wants_one_product_at_once_looks_once(api, monkeypatch):
    product, looks = await sell(api), []
    await both(api, UUID(product["id"]))
    real = RedisTwins._cached

    async def cached(*which: Any) -> Any:
        looks.append(which)
        return await real(*which)

    monkeypatch.setattr(RedisTwins, "_cached", cached)
    found = await asyncio.gather(*(api.parts.twins.one(PRODUCT_CACHE, PRODUCTS, UUID(product["id"]), FRESH) for _ in range(100)))
    assert ({seen.row.name for seen in found}, len(looks)) == ({product["name"]}, 1)
    assert await is_a_hit(api, product)
    assert len(looks) == 2


async def test_a_row_that_cannot_be_read_is_noticed_by_nobody(api):
    product = await sell(api)
    await both(api, UUID(product["id"]))
    await api.system.redis.hset(ROWS, product["id"], b'{"id": 7')
    shown = await api("GET", at(product))
    assert (shown.status_code, shown.json()["name"]) == (200, product["name"])
    assert not await is_a_hit(api, product)


async def test_an_emptied_redis_is_noticed_by_nobody_and_filled_again(api):
    product = await sell(api)
    await both(api, UUID(product["id"]))
    await api.system.redis.flushdb()
    assert not await is_a_hit(api, product)
    await eventually(lambda: is_a_hit(api, product), 20, "the cache is filled again")


async def test_a_redis_that_lost_a_row_is_not_believed(api):
    product = await sell(api)
    await both(api, UUID(product["id"]))
    assert await api.system.redis.hdel(ROWS, product["id"]) == 1
    assert not await is_a_hit(api, product)
    await eventually(lambda: is_a_hit(api, product), 20, "the cache is filled again")


async def test_a_redis_of_another_log_is_not_believed(api):
    product = await sell(api)
    await both(api, UUID(product["id"]))
    ours = await api.system.redis.hget(META, "log")
    try:
        await api.system.redis.hset(META, "log", str(uuid4()))
        assert not await is_a_hit(api, product)
    finally:
        await api.system.redis.hset(META, "log", ours)


@pytest.mark.parametrize("how", ["refuses", "hangs"])
async def test_a_redis_that_is_away_is_left_alone_and_postgresql_answers(api, how):
    product = await sell(api)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connects, and never says a word
        gone = client(f"redis://127.0.0.1:{9 if how == 'refuses' else silent.getsockname()[1]}/0")
        twins = RedisTwins(gone, api.system.log.reads, api.parts.tables)
        await twins.one(PRODUCT_CACHE, PRODUCTS, UUID(product["id"]), FRESH)
        async with asyncio.timeout(0.5):
            found = [await twins.one(PRODUCT_CACHE, PRODUCTS, UUID(product["id"]), FRESH) for _ in range(20)]
        assert {seen.row.quantity for seen in found} == {5}
        await gone.aclose()


async def test_what_is_nobodys_product_is_not_found_in_either(api):
    assert (await api("GET", f"/api/v1/products/{uuid4()}")).status_code == 404


@pytest.mark.parametrize("model", [PRODUCTS, PRODUCT_CACHE, STOCK_MOVEMENTS], ids=lambda model: model.name)
async def test_folded_again_by_two_processes_each_row_is_what_it_was(api, model):
    product = await sell(api)
    assert (await api("PATCH", at(product), await api.admin(), json={"quantity": 2})).status_code == 200
    assert (await verify(api.system.settings, model)).is_right
    await rebuild(api.system.settings, model, jobs=2)
    found = await verify(api.system.settings, model)
    assert found.is_right, found
    assert found.rows > 0
    assert (await api("GET", at(product))).json()["quantity"] == 2
