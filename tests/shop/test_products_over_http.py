"""Products as they are spoken: added, read by anybody, changed, removed."""

import asyncio
from uuid import uuid4

from tests.http.daybook import misfits, problem
from tests.shop.selling import PRODUCTS, at, sell


async def test_a_product_is_added_and_read_by_anybody(api):
    made = await api("POST", PRODUCTS, await api.admin(), json={"name": "  Tea   light ", "description": "Warm", "price": {"amount": 339}})
    assert made.status_code == 201, made.text
    product = made.json()
    assert made.headers["location"] == at(product)
    assert made.headers["etag"] == '"1.1"'
    assert (product["name"], product["description"], product["quantity"]) == ("Tea light", "Warm", 0)
    assert product["price"] == {"amount": 339, "currency": "GBP"}
    shown = await api("GET", at(product))
    assert shown.json() == {name: value for name, value in product.items() if name != "position"}
    assert shown.headers["etag"] == '"1.1"'
    assert shown.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert (await api("GET", at(product), headers={"If-None-Match": '"1.1"'})).status_code == 304


async def test_what_changes_of_a_product_and_of_its_stock_changes_its_etag(api):
    who, product = await api.admin(), await sell(api)
    edited = await api("PATCH", at(product), who, json={"price": {"amount": 400}}, headers={"If-Match": '"1.1"'})
    assert (edited.status_code, edited.headers["etag"], edited.json()["price"]) == (200, '"2.1"', {"amount": 400, "currency": "GBP"})
    emptied = await api("PUT", at(product), who, json={"quantity": 0}, headers={"If-Match": '"2.1"'})
    assert (emptied.status_code, emptied.headers["etag"], emptied.json()["quantity"]) == (200, '"2.2"', 0)
    shown = await api("GET", at(product), headers={"If-None-Match": '"2.1"'})
    assert (shown.status_code, shown.headers["etag"], shown.json()["quantity"]) == (200, '"2.2"', 0)
    stale = {"If-Match": '"2.1"'}
    assert problem(await api("PUT", at(product), who, json={"quantity": 9}, headers=stale)) == (412, "precondition_failed")
    assert problem(await api("PATCH", at(product), who, json={"name": "Old"}, headers={"If-Match": '"1.2"'})) == (412, "precondition_failed")
    assert (await api("PATCH", at(product), who, json={"description": "New"}, headers={"If-Match": '"2.1"'})).status_code == 200


async def test_a_removed_product_is_gone_and_its_name_is_free(api):
    who, product = await api.admin(), await sell(api, name="Only one")
    assert problem(await api("POST", PRODUCTS, who, json={"name": "ONLY  one", "price": {"amount": 1}})) == (409, "name_taken")
    assert (await api("DELETE", at(product), who)).status_code == 204
    assert problem(await api("GET", at(product))) == (404, "not_found")
    assert problem(await api("DELETE", at(product), who)) == (404, "not_found")
    assert problem(await api("PATCH", at(product), who, json={"stock": 1})) == (404, "not_found")
    assert (await sell(api, name="Only one"))["id"] != product["id"]


async def test_of_many_who_want_one_name_at_once_one_gets_it(api):
    who, products = await api.admin(), [await sell(api) for _ in range(8)]
    wishes = [api("POST", PRODUCTS, who, json={"name": f"{' ' * nth}Wanted", "price": {"amount": 1}}) for nth in range(8)]
    renamed = [api("PATCH", at(one), who, json={"name": "WANTED"}) for one in products]
    answers = await asyncio.gather(*wishes, *renamed)
    assert sorted(answer.status_code for answer in answers)[1:] == [409] * 15
    (taken,) = [answer.json() for answer in answers if answer.status_code < 300]
    assert (await api("DELETE", at(taken), who)).status_code == 204
    answers = await asyncio.gather(*(api("PATCH", at(one), who, json={"name": "Wanted"}) for one in products if one["id"] != taken["id"]))
    assert sorted(answer.status_code for answer in answers)[:2] == [200, 409]


async def test_a_product_asked_for_twice_under_one_key_is_one(api):
    asked = {"json": {"name": "Asked twice", "price": {"amount": 1}}, "headers": {"Idempotency-Key": "shelf-1"}}
    first, second = [await api("POST", PRODUCTS, await api.admin(), **asked) for _ in range(2)]
    assert (second.json(), second.headers["etag"], second.headers["idempotent-replayed"]) == (first.json(), '"1.1"', "true")


async def test_who_was_told_that_a_name_is_taken_is_told_the_same_again_under_their_key(api):
    who, taken = await api.admin(), await sell(api, name="Taken")
    asked = {"json": {"name": "Taken", "price": {"amount": 1}}, "headers": {"Idempotency-Key": "shelf-2"}}
    first = await api("POST", PRODUCTS, who, **asked)
    assert problem(first) == (409, "name_taken")
    assert (await api("DELETE", at(taken), who)).status_code == 204
    again = await api("POST", PRODUCTS, who, **asked)
    assert (again.status_code, again.content, again.headers["idempotent-replayed"]) == (409, first.content, "true")


async def test_what_is_no_product_is_not_found_before_a_version_of_it_is_wanted(api):
    who, gone = await api.admin(), f"{PRODUCTS}/{uuid4()}"
    async with api.with_rules(require_if_match=True) as http:
        for method, more in (("PATCH", {"json": {"quantity": 1}}), ("PUT", {"json": {"quantity": 1}}), ("DELETE", {})):
            assert problem(await http.request(method, gone, headers=who, **more)) == (404, "not_found"), method
            assert problem(await http.request(method, at(await sell(api)), headers=who, **more)) == (428, "precondition_required"), method


async def test_what_does_not_fit_is_named(api):
    who = await api.admin()
    assert misfits(await api("POST", PRODUCTS, who, json={"name": "  ", "price": {"amount": 1}})) == [("/name", "required")]
    assert misfits(await api("POST", PRODUCTS, who, json={"name": "Cup", "price": {"amount": -1}})) == [("/price/amount", "out_of_range")]
    assert misfits(await api("POST", PRODUCTS, who, json={"name": "Cup", "price": {"amount": 1}, "stock": 3})) == [("/stock", "unknown_field")]
    strange = await api("POST", PRODUCTS, who, json={"name": "Cup", "price": {"amount": 1, "currency": "QQQ"}})
    assert misfits(strange) == [("/price/currency", "unknown_currency")]
    vague = await api("POST", f"{at(await sell(api))}/stock-adjustments", who, json={"delta": 1, "reason": " \n"})
    assert misfits(vague) == [("/reason", "required")]


async def test_stock_comes_in_is_corrected_and_remembered(api):
    who, product = await api.admin(), await sell(api, quantity=2)
    received = await api("POST", f"{at(product)}/stock-receipts", who, json={"quantity": 10, "reason": "delivery 7"})
    assert received.status_code == 201, received.text
    taken = await api("POST", f"{at(product)}/stock-adjustments", who, json={"delta": -3, "reason": "broken"})
    assert (taken.status_code, taken.json()["available"], taken.headers["etag"]) == (201, 9, '"3"')
    assert received.headers["location"] == taken.headers["location"] == f"{at(product)}/stock"
    stock = await api("GET", f"{at(product)}/stock", who)
    assert stock.json() == {"id": product["id"], "version": 3, "on_hand": 9, "reserved": 0, "available": 9, "low_stock_level": None}
    refused = await api("POST", f"{at(product)}/stock-adjustments", who, json={"delta": -10, "reason": "lost"})
    assert problem(refused) == (409, "insufficient_stock")
    listed = await api("GET", f"{at(product)}/stock-movements?limit=2", who)
    assert [(one["kind"], one["on_hand"], one["reason"]) for one in listed.json()["items"]] == [
        ("adjusted", -3, "broken"),
        ("received", 10, "delivery 7"),
    ]
    rest = await api("GET", f"{at(product)}/stock-movements?cursor={listed.json()['next_cursor']}", who)
    assert [one["reason"] for one in rest.json()["items"]] == ["opening stock"]


async def test_a_level_that_comes_with_a_quantity_is_the_one_by_which_that_is_low(api):
    who, product = await api.admin(), await sell(api, quantity=9)
    for change in ({"quantity": 3, "low_stock_level": 4}, {"quantity": 9}, {"quantity": 3, "low_stock_level": 2}):
        assert (await api("PATCH", at(product), who, json=change)).status_code == 200
    listed = (await api("GET", f"{at(product)}/stock-movements", who)).json()["items"]
    kinds = [one["kind"] for one in reversed(listed)]
    assert kinds == ["received", "low_level_set", "adjusted", "ran_low", "adjusted", "low_level_set", "adjusted"]
