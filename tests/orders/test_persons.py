"""The people behind orders: they are given everything about theirs, and when they go, what they bought still comes to its end."""

from uuid import UUID

from application.orders.order import PlaceOrder
from application.shared.context import Caller
from domain.identity.events import UserErased
from domain.shared.refused import Invalid
from tests.http.daybook import Api, Headers
from tests.orders.shop import an_order, ended
from tests.scenario import NOON, World

EXPORT = "/api/v1/users/me/export"


async def ends_well(api: Api, who: Headers, order_id: str) -> None:
    found = await ended(api, who, order_id, "completed")
    assert [one["status"] for one in found["payments"]] == ["captured"]


async def test_what_a_person_is_given_of_themselves_holds_their_orders_and_payments_and_nobody_elses(api):
    ada, bob = await api.account(), await api.account()
    mine, theirs = await an_order(api, ada.headers), await an_order(api, bob.headers)
    await ends_well(api, ada.headers, mine["id"])
    document = (await api("GET", EXPORT, ada.headers)).json()
    (order,), (payment,) = document["orders"], document["payments"]
    assert (order["id"], order["status"], order["total_amount"]) == (mine["id"], "completed", mine["total_amount"])
    assert [product["quantity"] for product in order["products"]] == [1]
    assert [entry["type"] for entry in order["timeline"]][:2] == ["order.placed", "order.reserved"]
    assert (payment["order_id"], payment["attempts"][0]["number"]) == (mine["id"], 1)
    assert theirs["id"] not in str(document)


async def test_an_order_under_way_comes_to_its_end_though_its_customer_is_erased(api):
    ada = await api.account()
    order = await an_order(api, ada.headers)
    gone = await api("DELETE", "/api/v1/users/me", ada.headers)
    assert gone.status_code == 204, gone.text
    await ends_well(api, await api.admin(), order["id"])


async def test_nothing_is_ordered_for_who_was_erased():
    world, gone = World(), UUID(int=77)
    await world.happened(gone, UserErased(user_id=gone, erased_at=NOON))
    await world.refuses(Invalid, PlaceOrder(products=[(UUID(int=9), 1)], customer_id=gone), Caller(UUID(int=1), "admin"))
