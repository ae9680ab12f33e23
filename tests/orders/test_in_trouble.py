"""Orders whose payment takes its time or fails: cancelled, paid again, stuck, and never both paid and over badly."""

from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from infra.observability.orders import look
from tests.eventually import eventually
from tests.http.daybook import Account, Api, daybook, problem
from tests.orders.shop import ORDERS, a_product, an_order, ask_for, ended, keyed, seen
from tests.servers import Database, Servers

SLOW, DECLINED = 900_000_005, 900_000_001
STUCK = "/api/v1/admin/orders?stuck=true"


@pytest.fixture(scope="module")
async def api(module_database: Database, servers: Servers) -> AsyncIterator[Api]:
    """Where an order is to be over within a second, and each customer has one at a time."""
    async with daybook(module_database, servers.empty_redis(), order_deadline="1s", order_single_pending=True) as running:
        yield running


@pytest.fixture
async def ann(api: Api) -> Account:
    return await api.account()


async def settled(api: Api, who: Account, order_id: str, payment_status: str) -> dict:
    """The order as it is shown once its money stands so."""

    async def look() -> bool:
        return (await seen(api, who.headers, order_id))["payment_status"] == payment_status

    await eventually(look, 20)
    return await seen(api, who.headers, order_id)


async def test_an_order_that_takes_too_long_is_listed_as_stuck_until_it_is_over(api, ann):
    placed = await an_order(api, ann.headers, (await a_product(api, price=SLOW), 1))

    async def stuck() -> bool:
        return placed["id"] in [one["id"] for one in (await api("GET", STUCK, await api.admin())).json()["items"]]

    await eventually(stuck, 10)
    await look(api.system.log.reads)
    assert REGISTRY.get_sample_value("daybook_orders_stuck") >= 1
    assert problem(await api("POST", f"{ORDERS}/{placed['id']}/pay", keyed(ann.headers))) == (409, "payment_in_progress")
    await ended(api, ann.headers, placed["id"], "completed")
    assert not await stuck()


async def test_who_cancels_while_the_payment_is_under_way_pays_nothing_and_may_order_again(api, ann):
    lamp = await a_product(api, price=SLOW, quantity=1)
    placed = await an_order(api, ann.headers, (lamp, 1))
    assert problem(await ask_for(api, ann.headers, (await a_product(api), 1))) == (409, "pending_order_exists")
    cancelled = await api("POST", f"{ORDERS}/{placed['id']}/cancel", ann.headers, json={"reason": "Too slow."})
    assert (cancelled.status_code, cancelled.json()["status"], cancelled.json()["status_message"]) == (200, "cancelled", "Too slow.")
    over = await settled(api, ann, placed["id"], "voided")
    assert [one["captured_amount"]["amount"] for one in over["payments"]] == [0] * len(over["payments"])

    async def free() -> bool:
        return (await ask_for(api, ann.headers, (lamp, 1))).status_code == 201

    await eventually(free)


async def test_a_declined_payment_ends_the_order_and_leaves_the_goods_to_others(api, ann):
    lamp = await a_product(api, price=DECLINED, quantity=1)
    placed = await an_order(api, ann.headers, (lamp, 1))
    over = await ended(api, ann.headers, placed["id"], "rejected")
    assert (over["reason"], over["status_message"], over["payment_status"]) == ("payment_failed", "The card was declined.", "failed")
    assert over["payments"][0]["attempts"][-1]["error"] == {"code": "card_declined", "message": "The card was declined."}
    again = await api("POST", f"{ORDERS}/{placed['id']}/pay", keyed(ann.headers))
    assert (again.status_code, again.json()["status"], again.json()["round"]) == (200, "pending", 2)
    await ended(api, ann.headers, placed["id"], "rejected")
    assert [one["round"] for one in (await seen(api, ann.headers, placed["id"]))["payments"]] == [1, 2]


async def test_paying_again_is_one_more_try_however_often_it_is_sent(api, ann):
    placed = await an_order(api, ann.headers, (await a_product(api, price=DECLINED), 1))
    await ended(api, ann.headers, placed["id"], "rejected")
    key = keyed(ann.headers)
    first, again = [await api("POST", f"{ORDERS}/{placed['id']}/pay", key) for _ in range(2)]
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
