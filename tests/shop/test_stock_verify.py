"""`daybook stock verify`: the stock is right, and whoever changes a fact or a row behind Daybook's back is found out."""

import json
from functools import partial
from uuid import UUID

import pytest

from domain.orders.order import Order
from infra.projection.bulk_read import Stopped
from infra.projection.watch import Watch
from infra.reconciliation.stock import reconcile
from projections.shop.products import PRODUCTS
from tests.command_line import command_line
from tests.eventually import eventually
from tests.http.daybook import own_api
from tests.payments.shopping import three_ends
from tests.tampering import edited, tampered

__all__ = ["own_api"]


@pytest.fixture(scope="module")
async def bought(api) -> dict[str, Order]:
    found = await three_ends(api.system)

    async def quiet() -> bool:
        told = await reconcile(api.system.settings)
        assert told.is_right, told.wrong  # Also of what is under way.
        return told.under_way == 0 and told.on_hand == 3 * 1_000 - 4

    await eventually(quiet, 20)
    return found


@pytest.fixture
def call(api, monkeypatch):
    return partial(command_line(api.system.settings, monkeypatch), "stock", "verify")


@pytest.mark.usefixtures("bought")
async def test_the_stock_is_right_and_shown(call):
    told = await call()
    assert told.exit_code == 0, told.output
    assert "2,996" in told.stdout
    assert "3 orders up to position" in told.stdout
    assert "all is quiet: the stock is right" in told.stdout
    shown = json.loads((await call("--json")).stdout)
    assert {name: shown[name] for name in ("products", "on_hand", "reserved", "committed", "orders", "under_way", "wrong")} == {
        "products": 3,
        "on_hand": 2_996,
        "reserved": 0,
        "committed": 5,
        "orders": 3,
        "under_way": 0,
        "wrong": [],
    }


@pytest.mark.usefixtures("bought")
async def test_the_same_is_found_when_the_orders_are_read_in_parts(api):
    whole, parts = await reconcile(api.system.settings), await reconcile(api.system.settings, at_once=1)
    assert whole == parts
    assert whole.is_right


@pytest.mark.parametrize("kind", ["stock.reserved", "stock.committed", "order.placed", "stock.received"])
async def test_a_quantity_that_somebody_changed_is_found_by_name(module_database, bought, call, kind):
    order = bought["paid"]
    item = order.lines[0].product_id
    of, before, after = (item, '"quantity":1000', '"quantity":2') if kind == "stock.received" else (order.id, '"quantity":3', '"quantity":2')
    with tampered(module_database, edited(kind, of, before, after)):
        told = await call()
    assert told.exit_code == 1
    assert "WRONG" in told.stdout
    assert f"order {order.id}: " in told.stdout or f"product {item}: " in told.stdout
    assert (await call()).exit_code == 0


async def test_a_row_that_somebody_changed_is_found_by_name(module_database, bought, call):
    item = bought["gone"].lines[0].product_id
    change = "update read_models.{} set on_hand = on_hand {} 1 where id = %s"
    with tampered(module_database, (_of_table(change, "+", item), _of_table(change, "-", item))):
        told = await call()
    assert told.exit_code == 1
    assert f"product {item}: 1001 on hand and 0 reserved are served, 1000 and 0 by the log" in told.stdout


def _of_table(change, sign, item: UUID):
    return change.format(f"{PRODUCTS.table}_b1", sign), (item,)


async def test_whoever_looks_on_can_stop_it(api):
    watch = Watch()
    watch.stop.set()
    with pytest.raises(Stopped):
        await reconcile(api.system.settings, watch)
