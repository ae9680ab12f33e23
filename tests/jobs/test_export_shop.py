"""Exporting orders and products: what the lists show, in a file."""

import csv
import io

import msgspec
import pytest

from tests.http.daybook import problem
from tests.identity.api_keys import issued, using
from tests.jobs.over_http import export
from tests.orders.shop import ORDERS, a_product, an_order


def rows(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode(), newline="")))


async def test_ones_own_orders_are_in_the_file_and_nobody_elses(api):
    ada, bob = await api.account(), await api.account()
    lamp = await a_product(api, name="=Lamp", price=500)
    first, second, _ = await an_order(api, ada.headers, (lamp, 2)), await an_order(api, ada.headers, (lamp, 1)), await an_order(api, bob.headers)
    assert (await api("POST", f"{ORDERS}/{second['id']}/cancel", {**ada.headers, "Idempotency-Key": "k"}, json={"reason": "-2"})).status_code == 200
    job, file = await export(api, ada.headers, resource="orders")
    newest, oldest = rows(file)
    assert ([newest["id"], oldest["id"]], job["outcome"]["rows"]) == ([second["id"], first["id"]], 2)
    assert (oldest["total_amount"], oldest["currency"], oldest["customer_id"]) == ("1000", "GBP", ada.id)
    assert [(line["name"], line["quantity"]) for line in msgspec.json.decode(oldest["products"])] == [("=Lamp", 2)]
    assert (newest["status"], newest["status_message"]) == ("cancelled", "'-2")
    _, file = await export(api, ada.headers, resource="orders", filters={"status": "cancelled", "placed_from": "2020-01-01T00:00:00Z"})
    assert [row["id"] for row in rows(file)] == [second["id"]]
    _, file = await export(api, ada.headers, resource="orders", filters={"customer_id": bob.id})
    assert rows(file) == []


async def test_everybodys_orders_are_for_who_may_list_them_and_a_line_is_an_order_as_it_is_listed(api):
    ada, auditor = await api.account(), await api.account("auditor")
    order = await an_order(api, ada.headers)
    assert (await api("POST", f"{ORDERS}/{order['id']}/cancel", {**ada.headers, "Idempotency-Key": "k"}, json={})).status_code == 200
    asked = await api("POST", "/api/v1/exports", ada.headers, json={"resource": "orders", "scope": "all"})
    assert problem(asked) == (403, "insufficient_role")
    _, file = await export(api, auditor.headers, resource="orders", scope="all", format="jsonl", filters={"customer_id": ada.id})
    (line,) = [msgspec.json.decode(line) for line in file.splitlines()]
    (listed,) = (await api("GET", ORDERS, ada.headers)).json()["items"]
    assert {name: line[name] for name in ("id", "customer_id", "products", "total_amount", "status")} == {
        name: listed[name] for name in ("id", "customer_id", "products", "total_amount", "status")
    }
    assert line.keys() == listed.keys()
    _, file = await export(api, auditor.headers, resource="orders", scope="all", format="pdf")
    assert file.startswith(b"%PDF-")


async def test_what_may_not_read_orders_gets_no_file_of_them_either(api):
    who = await api.account()
    key = await issued(api, who.headers, scopes=["exports:create"])
    assert problem(await api("POST", "/api/v1/exports", using(key), json={"resource": "orders"})) == (403, "insufficient_scope")
    assert problem(await api("POST", "/api/v1/exports", (await api.account("node")).headers, json={"resource": "products"}))[0] == 403


async def test_products_are_exported_as_they_are_listed(api):
    who = await api.account()
    chair, table = await a_product(api, name="Green chair", price=900, quantity=3), await a_product(api, name="Green table", price=1900, quantity=0)
    _, file = await export(api, who.headers, resource="products", filters={"q": "GREEN"})
    shown = [(row["id"], row["name"], row["price"], row["currency"], row["quantity"]) for row in rows(file)]
    assert shown == [(str(table), "Green table", "1900", "GBP", "0"), (str(chair), "Green chair", "900", "GBP", "3")]
    filters = {"q": "green", "in_stock": True, "currency": "GBP", "min_price": 900, "max_price": 900}
    _, file = await export(api, who.headers, resource="products", filters=filters, format="jsonl")
    (line,) = [msgspec.json.decode(line) for line in file.splitlines()]
    assert (line["id"], line["price"], line["quantity"]) == (str(chair), {"amount": 900, "currency": "GBP"}, 3)
    assert (await api("DELETE", f"/api/v1/products/{chair}", await api.admin())).status_code == 204
    _, file = await export(api, who.headers, resource="products", filters=filters)
    assert rows(file) == []


@pytest.mark.parametrize(
    "body",
    [
        {"resource": "orders", "filters": {"priority": "high"}},
        {"resource": "orders", "filters": {"status": "in_progress"}},
        {"resource": "products", "scope": "all"},
        {"resource": "products", "filters": {"min_price": 1.5}},
        {"resource": "tasks", "filters": {"payment_status": "failed"}},
    ],
)
async def test_what_does_not_suit_the_resource_is_refused(api, body):
    assert problem(await api("POST", "/api/v1/exports", await api.admin(), json=body)) == (400, "validation_failed")
