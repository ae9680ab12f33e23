"""Lists of orders as clients ask for them."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.eventually import eventually
from tests.http.daybook import Account, Api, Headers, misfits, problem
from tests.orders.shop import ORDERS, a_product, an_order, ended

ADMIN = "/api/v1/admin/orders"


@pytest.fixture(scope="module")
async def ann(api: Api) -> Account:
    return await api.account()


@pytest.fixture(scope="module")
async def placed(api: Api, ann: Account) -> list[str]:
    """Three orders of Ann, oldest first: completed, rejected (nobody can pay so much), completed."""
    lamp, dear = await a_product(api), await a_product(api, price=900_000_001)
    orders = [(await an_order(api, ann.headers, (product, 1)))["id"] for product in (lamp, dear, lamp)]
    for order_id, status in zip(orders, ("completed", "rejected", "completed"), strict=True):
        await ended(api, ann.headers, order_id, status)
    return orders


async def listed(api: Api, who: Headers, path: str) -> list[str]:
    answer = await api("GET", path, who)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def test_ones_own_are_listed_newest_first_in_pages(api, ann, placed):
    bob = (await api.account()).headers
    await ended(api, bob, (await an_order(api, bob))["id"], "completed")
    first = await api("GET", f"{ORDERS}?limit=2", ann.headers)
    assert [one["id"] for one in first.json()["items"]] == placed[:0:-1]
    assert first.json()["items"][0]["products"][0]["subtotal"] == {"amount": 500, "currency": "GBP"}
    following = first.headers["Link"].partition(">")[0].removeprefix("<")
    assert await listed(api, ann.headers, following) == placed[:1]


@pytest.mark.parametrize(
    ("query", "which"),
    [
        ("status=completed", [2, 0]),
        ("status=COMPLETED,Rejected", [2, 1, 0]),
        ("status=canceled", []),
        ("payment_status=captured", [2, 0]),
        ("payment_status=paid&status=rejected", []),
        ("payment_status=FAILED&status=rejected", [1]),
    ],
)
async def test_filters_are_words_in_any_case_and_all_of_them_hold(api, ann, placed, query, which):
    assert await listed(api, ann.headers, f"{ORDERS}?{query}") == [placed[nth] for nth in which]
    assert await listed(api, await api.admin(), f"{ADMIN}?customer_id={ann.id}&{query}") == [placed[nth] for nth in which]


async def test_a_span_of_time_is_one_to_the_moment(api, ann, placed):
    times = {one["id"]: one["placed_at"] for one in (await api("GET", ORDERS, ann.headers)).json()["items"]}
    begin, end = times[placed[1]], times[placed[2]]
    assert await listed(api, ann.headers, f"{ORDERS}?placed_from={begin}") == placed[:0:-1]
    assert await listed(api, ann.headers, f"{ORDERS}?placed_to={begin}&placed_from={begin}") == [placed[1]]
    assert await listed(api, ann.headers, f"{ORDERS}?placed_from={end}&placed_to={begin}") == []


@pytest.mark.parametrize("query", ["status=lost", "payment_status=", "placed_from=yesterday", "limit=0", "cursor=x", "customer_id=x", "colour=red"])
async def test_what_is_no_filter_is_refused_by_name(api, ann, query):
    name = query.partition("=")[0]
    answer = await api("GET", f"{ORDERS}?{query}", ann.headers)
    assert [pointer for pointer, _ in misfits(answer)] == [name]


async def test_what_somebody_just_placed_is_in_their_list_at_once(api, ann):
    for _ in range(5):
        newest = await an_order(api, ann.headers)
        assert (await listed(api, ann.headers, f"{ORDERS}?limit=1")) == [newest["id"]]


async def test_everybodys_are_for_who_may_list_all(api, placed):
    auditor, service = await api.account("auditor"), await api.account("service")
    assert set(placed) <= set(await listed(api, auditor.headers, f"{ADMIN}?limit=200"))
    assert problem(await api("GET", ADMIN, service.headers)) == (403, "insufficient_role")
    assert await listed(api, await api.admin(), ORDERS) == []


async def test_what_is_over_is_not_stuck_and_resuming_it_changes_nothing(api, ann, placed):
    admin = await api.admin()
    lately = (datetime.now(UTC) - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert await listed(api, admin, f"{ADMIN}?stuck=true&placed_from={lately}") == []
    resumed = await api("POST", f"{ADMIN}/{placed[0]}/resume", admin)
    assert (resumed.status_code, resumed.json()["status"]) == (200, "completed")

    async def heard() -> bool:
        return (await api("GET", f"{ORDERS}/{placed[0]}", ann.headers)).json()["timeline"][-1]["type"] == "order.resumed"

    await eventually(heard)
