"""Orders as clients see them."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.eventually import eventually
from tests.http.daybook import Account, Api, misfits, problem
from tests.orders.shop import ORDERS, a_product, an_order, ask_for, ended, keyed, seen


@pytest.fixture(scope="module")
async def ann(api: Api) -> Account:
    return await api.account()


async def test_an_order_is_pending_at_once_and_says_what_was_bought_at_which_price(api, ann):
    lamp, rope = await a_product(api, name="Desk lamp", price=1250), await a_product(api, name="Rope", price=99)
    placed = await ask_for(api, ann.headers, (lamp, 2), (rope, 1), (lamp, 1))
    assert placed.status_code == 201
    told = placed.json()
    assert placed.headers["Location"] == f"{ORDERS}/{told['id']}"
    assert (told["status"], told["payment_status"], told["fulfilment_status"]) == ("pending", "pending", "unfulfilled")
    assert told["total_amount"] == {"amount": 3 * 1250 + 99, "currency": "GBP"}
    bought = [(one["product_id"], one["name"], one["unit_price"]["amount"], one["quantity"], one["subtotal"]["amount"]) for one in told["products"]]
    assert bought == [(str(lamp), "Desk lamp", 1250, 3, 3750), (str(rope), "Rope", 99, 1, 99)]
    shown = await seen(api, ann.headers, told["id"])
    assert shown["products"] == told["products"]
    assert (shown["timeline"][0]["type"], shown["timeline"][0]["position"]) == ("order.placed", told["position"])


async def test_without_an_idempotency_key_nothing_is_bought_or_paid(api, ann):
    body = {"products": [{"product_id": str(await a_product(api)), "quantity": 1}]}
    assert problem(await api("POST", ORDERS, ann.headers, json=body)) == (400, "idempotency_key_required")
    key = keyed(ann.headers)
    first, again = [await api("POST", ORDERS, key, json=body) for _ in range(2)]
    assert (again.status_code, again.headers["Idempotent-Replayed"], again.json()) == (201, "true", first.json())
    place = f"{ORDERS}/{first.json()['id']}"
    assert problem(await api("POST", f"{place}/pay", ann.headers)) == (400, "idempotency_key_required")
    assert problem(await api("POST", f"{place}/refund", ann.headers, json={"reason": "x"})) == (403, "insufficient_role")
    assert problem(await api("POST", f"{place}/refund", await api.admin(), json={"reason": "x"})) == (400, "idempotency_key_required")
    assert problem(await api("POST", f"{ORDERS}/{uuid4()}/pay", ann.headers)) == (404, "not_found")


async def test_what_there_is_too_little_of_is_told_line_by_line(api, ann):
    few, plenty = await a_product(api, name="Rare lamp", quantity=2), await a_product(api)
    answer = await ask_for(api, ann.headers, (few, 3), (plenty, 1))
    assert problem(answer) == (409, "insufficient_stock")
    assert answer.json()["products"] == [{"product_id": str(few), "name": "Rare lamp", "requested": 3, "available": 2}]


async def test_what_does_not_fit_is_named(api, ann):
    lamp = await a_product(api)
    assert misfits(await api("POST", ORDERS, keyed(ann.headers), json={"products": []})) == [("/products", "too_short")]
    assert misfits(await ask_for(api, ann.headers, (lamp, 0))) == [("/products/0/quantity", "out_of_range")]
    assert misfits(await ask_for(api, ann.headers, (lamp, 1), total=1)) == [("/total", "unknown_field")]
    assert misfits(await ask_for(api, ann.headers, (lamp, 1), (uuid4(), 1))) == [("/products/1/product_id", "unknown_product")]


async def completed(api: Api, who: Account, product: UUID) -> dict[str, Any]:
    """An order of three pieces that is paid, as it is shown."""
    placed = await an_order(api, who.headers, (product, 3))
    return await ended(api, who.headers, placed["id"], "completed")


async def test_an_order_completes_by_itself(api, ann):
    done = await completed(api, ann, await a_product(api, price=500))
    assert (done["payment_status"], done["fulfilment_status"]) == ("captured", "unfulfilled")
    (payment,) = done["payments"]
    assert (payment["status"], payment["amount"], payment["captured_amount"]["amount"]) == ("captured", done["total_amount"], 1500)
    assert [(one["number"], one["outcome"], one["error"], one["next_attempt_at"]) for one in payment["attempts"]] == [(1, "authorised", None, None)]
    types = ["order.placed", "order.reserved", "order.confirmed", "order.completed"]
    assert [entry["type"] for entry in done["timeline"]] == types


async def test_what_is_completed_is_shipped_and_delivered_once(api, ann):
    done, admin = await completed(api, ann, await a_product(api)), await api.admin()
    place = f"{ORDERS}/{done['id']}"
    shipped = await api("POST", f"{place}/ship", admin, json={"carrier": "Royal Mail", "tracking": "AB 123"})
    assert (shipped.status_code, shipped.json()["fulfilment_status"], shipped.json()["status"]) == (200, "shipped", "completed")
    assert (await api("POST", f"{place}/deliver", admin)).json()["fulfilment_status"] == "delivered"
    assert (await api("POST", f"{place}/deliver", admin)).json()["version"] == 6


async def test_what_a_step_of_an_order_does_not_know_is_refused_where_it_needs_no_words_too(api, ann):
    admin, order = await api.admin(), await an_order(api, ann.headers)
    for step in (f"{ORDERS}/{order['id']}/pay", f"{ORDERS}/{order['id']}/deliver", f"/api/v1/admin/orders/{order['id']}/resume"):
        assert misfits(await api("POST", step, keyed(admin), json={"amount": 1})) == [("/amount", "unknown_field")], step
    for nothing in ({}, {"json": {}}, {"json": None}):
        assert (await api("POST", f"/api/v1/admin/orders/{order['id']}/resume", admin, **nothing)).status_code == 200


async def test_a_gift_comes_back_alone_without_money(api, ann):
    lamp, gift, admin = await a_product(api, price=500), await a_product(api, price=0, quantity=10), await api.admin()
    placed = await an_order(api, ann.headers, (lamp, 1), (gift, 2))
    await ended(api, ann.headers, placed["id"], "completed")
    back = {"reason": "Not wanted.", "products": [{"product_id": str(gift), "quantity": 1}]}
    assert (await api("POST", f"{ORDERS}/{placed['id']}/refund", keyed(admin), json=back)).status_code == 200

    async def is_back():
        shown = await seen(api, ann.headers, placed["id"])
        return shown if shown["timeline"][-1]["type"] == "order.refunded" else None

    shown = await eventually(is_back)
    assert (shown["status"], shown["refunded_amount"]["amount"], shown["timeline"][-1]["message"]) == ("completed", 0, "0.00 GBP")
    assert (await api("GET", f"/api/v1/products/{gift}")).json()["quantity"] == 9


async def test_money_goes_back_by_pieces_and_by_amount_until_nothing_is_left(api, ann):
    lamp, admin = await a_product(api, price=500), await api.admin()
    done = await completed(api, ann, lamp)
    place = f"{ORDERS}/{done['id']}"
    assert (await api("POST", f"{place}/ship", admin)).status_code == 200
    back = {"reason": "One was broken.", "products": [{"product_id": str(lamp), "quantity": 1}]}
    asked = await api("POST", f"/api/v1/admin/orders/{done['id']}/refund", keyed(admin), json=back)
    assert asked.status_code == 200, asked.text
    wrong = await api("POST", f"{place}/refund", keyed(admin), json={"reason": "x", "amount": {"amount": 1, "currency": "EUR"}})
    assert misfits(wrong) == [("/amount/currency", "wrong_currency")]
    over = await api("POST", f"{place}/refund", keyed(admin), json={"reason": "x", "amount": {"amount": 1001, "currency": "GBP"}})
    assert (problem(over), over.json()["refundable"]) == ((409, "nothing_to_refund"), 1000)
    assert over.json()["detail"] == "10.00 GBP of 15.00 GBP are left."
    assert (await api("POST", f"{place}/refund", keyed(admin), json={"reason": "The rest."})).status_code == 200
    gone = await ended(api, ann.headers, done["id"], "refunded")
    assert (gone["payment_status"], gone["refunded_amount"], gone["fulfilment_status"]) == ("refunded", gone["total_amount"], "shipped")
    assert [entry["message"] for entry in gone["timeline"] if entry["type"] == "order.refunded"] == ["5.00 GBP", "10.00 GBP"]


async def test_the_timeline_is_there_in_pages(api, ann):
    placed = await an_order(api, ann.headers)
    await ended(api, ann.headers, placed["id"], "completed")
    place, told = f"{ORDERS}/{placed['id']}/events", list[str]()
    page = (await api("GET", f"{place}?limit=3", ann.headers)).json()
    told += [entry["type"] for entry in page["items"]]
    page = (await api("GET", f"{place}?limit=3&cursor={page['next_cursor']}", ann.headers)).json()
    told += [entry["type"] for entry in page["items"]]
    assert (told, page["next_cursor"]) == (["order.placed", "order.reserved", "order.confirmed", "order.completed"], None)


async def test_what_is_completed_is_neither_cancelled_nor_paid_again(api, ann):
    placed = await an_order(api, ann.headers)
    await ended(api, ann.headers, placed["id"], "completed")
    for body in ({}, {"json": {}}, {"json": {"reason": "Too dear."}}):
        refused = await api("POST", f"{ORDERS}/{placed['id']}/cancel", ann.headers, **body)
        assert (problem(refused), refused.json()["from"]) == ((409, "invalid_transition"), "completed")
    assert problem(await api("POST", f"{ORDERS}/{placed['id']}/pay", keyed(ann.headers))) == (409, "already_paid")


async def test_the_etag_changes_with_whatever_is_shown(api, ann):
    placed = await an_order(api, ann.headers)
    await ended(api, ann.headers, placed["id"], "completed")
    place = f"{ORDERS}/{placed['id']}"
    first = await api("GET", place, ann.headers)
    of_order, _, of_payments = first.headers["ETag"].strip('"').partition(".")
    assert int(of_order) == first.json()["version"]
    assert int(of_payments) > 2
    assert (await api("GET", place, ann.headers, headers={"If-None-Match": first.headers["ETag"]})).status_code == 304
    assert int(first.headers["Daybook-Position"]) >= placed["position"]
    await api("POST", f"{place}/refund", keyed(await api.admin()), json={"reason": "x", "amount": 1})
    changed = await api("GET", place, ann.headers, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


async def test_an_order_is_its_customers_and_of_those_who_read_all(api, ann):
    placed = await an_order(api, ann.headers)
    bob, auditor, guest = [await api.account(role) for role in ("user", "auditor", "guest")]
    for place in (f"{ORDERS}/{placed['id']}", f"{ORDERS}/{placed['id']}/events"):
        assert problem(await api("GET", place, bob.headers)) == (404, "not_found")
        assert problem(await api("GET", f"{ORDERS}/{uuid4()}", bob.headers)) == (404, "not_found")
        assert problem(await api("GET", place, guest.headers)) == (403, "insufficient_role")
        for who in (auditor.headers, await api.admin()):
            assert (await api("GET", place, who)).status_code == 200
    assert problem(await api("POST", f"{ORDERS}/{placed['id']}/cancel", bob.headers)) == (404, "not_found")
    assert problem(await api("POST", f"{ORDERS}/{placed['id']}/cancel", auditor.headers)) == (403, "insufficient_role")
    assert problem(await api("GET", "/api/v1/admin/orders", bob.headers)) == (403, "insufficient_role")


async def test_a_program_that_ships_orders_reads_the_one_it_ships_and_changes_no_others(api, ann):
    placed = await an_order(api, ann.headers)
    await ended(api, ann.headers, placed["id"], "completed")
    place, program = f"{ORDERS}/{placed['id']}", (await api.account("service")).headers
    read = await api("GET", place, program)
    assert (read.status_code, read.json()["products"]) == (200, placed["products"])
    assert (await api("GET", f"{place}/events", program)).status_code == 200
    assert (await api("POST", f"{place}/ship", program)).status_code == 200
    for step in ("cancel", "pay"):
        assert problem(await api("POST", f"{place}/{step}", keyed(program))) == (403, "forbidden")
    assert (await api("GET", ORDERS, program)).json()["items"] == []
    assert problem(await api("GET", "/api/v1/admin/orders", program)) == (403, "insufficient_role")


async def test_an_administrator_orders_for_a_customer_whose_order_it_is(api, ann):
    lamp = await a_product(api)
    placed = await ask_for(api, await api.admin(), (lamp, 1), customer_id=ann.id)
    assert (placed.status_code, placed.json()["customer_id"]) == (201, ann.id)
    assert (await seen(api, ann.headers, placed.json()["id"]))["customer_id"] == ann.id
    assert problem(await ask_for(api, ann.headers, (lamp, 1), customer_id=(await api.account()).id)) == (403, "forbidden")


async def test_as_many_lines_as_the_longest_invoice_are_an_order(api, ann):
    lamps = [lamp for _ in range(16) for lamp in await asyncio.gather(*(a_product(api, quantity=1) for _ in range(38)))][:593]
    key, body = keyed(ann.headers), {"products": [{"product_id": str(lamp), "quantity": 1} for lamp in lamps]}
    placed, again = [await api("POST", ORDERS, key, json=body) for _ in range(2)]
    assert placed.status_code == 201, placed.text[:500]
    assert (again.headers["Idempotent-Replayed"], again.json()["products"]) == ("true", placed.json()["products"])
    done = await ended(api, ann.headers, placed.json()["id"], "completed")
    assert len(done["products"]) == 593
