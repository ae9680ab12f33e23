"""What an order holds and buys is not free for others, and each piece of it is told."""

from uuid import UUID

from tests.eventually import eventually
from tests.orders.shop import an_order, ended
from tests.shop.selling import at, sell


async def test_what_an_order_buys_leaves_the_stock_and_the_history_says_how(api):
    who, buyer = await api.admin(), await api.account()
    product = await sell(api, quantity=5)
    order = await an_order(api, buyer.headers, (UUID(product["id"]), 2))
    await ended(api, buyer.headers, order["id"], "completed")
    assert (await api("GET", at(product))).json()["quantity"] == 3
    stock = (await api("GET", f"{at(product)}/stock", who)).json()
    assert (stock["on_hand"], stock["reserved"], stock["available"]) == (3, 0, 3)
    told = (await api("GET", f"{at(product)}/stock-movements", who)).json()["items"]
    assert [one["kind"] for one in told] == ["committed", "secured", "reserved", "received"]
    assert {one["order_id"] for one in told[:3]} == {order["id"]}
    assert (sum(one["on_hand"] for one in told), sum(one["reserved"] for one in told)) == (3, 0)
    assert told[2]["order_id"] == order["id"]
    assert len({one["reservation_id"] for one in told[:3]}) == 1


async def test_an_administrator_hears_that_few_are_left(api):
    who, product = await api.admin(), await sell(api, name="Scarce lamp", quantity=5, low_stock_level=2)
    assert (await api("PATCH", at(product), who, json={"quantity": 2})).status_code == 200

    async def is_told() -> bool:
        items = (await api("GET", "/api/v1/notifications?limit=50", who)).json()["items"]
        return [one["title"] for one in items if one["facts"].get("product_id") == product["id"]] == ["Few are left: Scarce lamp"]

    await eventually(is_told, 10)
