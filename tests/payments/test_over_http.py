"""Payments as they are spoken: one's own, everybody's for those who read all, and never what is inside."""

from uuid import UUID, uuid4

from infra.app import new_id
from tests.http.daybook import misfits, problem
from tests.payments.making import a_captured_payment, a_failed_payment

PAYMENTS = "/api/v1/payments"


async def listed(api, who, query=""):
    answer = await api("GET", f"{PAYMENTS}?{query}", who)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def test_a_customer_sees_how_a_payment_stands_and_what_was_tried(api):
    customer = await api.account()
    payment = await a_failed_payment(api.system, UUID(customer.id))
    answer = await api("GET", f"{PAYMENTS}/{payment.id}", customer.headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'"{payment.version}"'
    told = answer.json()
    assert (told["amount"], told["captured_amount"], told["status"]) == (
        {"amount": 339, "currency": "GBP"},
        {"amount": 0, "currency": "GBP"},
        "failed",
    )
    assert told["status_message"] == "The card has not enough funds."
    assert [(one["number"], one["outcome"], one["error"]["code"]) for one in told["attempts"]] == [
        (1, "failed", "no_funds"),
        (2, "failed", "no_funds"),
    ]
    assert told["attempts"][0]["next_attempt_at"] > told["attempts"][0]["time"]
    assert told["next_step"] is told["due_at"] is None
    assert "state" not in told


async def test_a_list_is_of_ones_own_newest_first_by_pages_and_of_everybody_for_who_reads_all(api):
    customer, other = await api.account(), await api.account()
    made = [str((await a_captured_payment(api.system, UUID(customer.id))).id) for _ in range(2)]
    order = new_id()
    made.append(str((await a_failed_payment(api.system, UUID(customer.id), order)).id))
    theirs = str((await a_captured_payment(api.system, UUID(other.id))).id)
    admin, auditor = await api.admin(), (await api.account("auditor")).headers
    position = f"min_position={(await api.system.reader.head()).position}"
    assert await listed(api, customer.headers, position) == made[::-1]
    first = await api("GET", f"{PAYMENTS}?limit=2", customer.headers)
    assert first.json()["next_cursor"] in first.headers["link"]
    assert await listed(api, customer.headers, f"limit=2&cursor={first.json()['next_cursor']}") == [made[0]]
    assert await listed(api, customer.headers, "status=failed") == [made[2]]
    assert set(await listed(api, admin, position)) >= {*made, theirs}
    assert await listed(api, auditor, f"customer_id={other.id}") == [theirs]
    assert await listed(api, admin, f"order_id={order}&status=failed&customer_id={customer.id}") == [made[2]]
    assert await listed(api, admin, f"order_id={order}&status=captured") == []
    assert problem(await api("GET", f"{PAYMENTS}?customer_id={other.id}", customer.headers)) == (404, "not_found")
    assert misfits(await api("GET", f"{PAYMENTS}?status=lost", admin)) == [("status", "not_allowed")]


async def test_a_payment_of_somebody_else_is_not_there(api):
    customer, other = await api.account(), await api.account()
    path = f"{PAYMENTS}/{(await a_captured_payment(api.system, UUID(customer.id))).id}"
    assert problem(await api("GET", path, other.headers)) == (404, "not_found")
    assert problem(await api("GET", f"{PAYMENTS}/{uuid4()}", customer.headers)) == (404, "not_found")
    assert problem(await api("GET", path)) == (401, "unauthenticated")
    for who in (await api.admin(), (await api.account("auditor")).headers):
        assert (await api("GET", path, who)).json()["captured_amount"]["amount"] == 339
