"""The books over HTTP: balanced at any moment, and empty of what is not under way any more."""

from application.orders.order import RefundOrder
from application.shared.context import Context
from infra.app import new_id
from tests.http.daybook import problem
from tests.payments.shopping import ADMIN, buy, ends

BALANCE, ENTRIES = "/api/v1/ledger/trial-balance", "/api/v1/ledger/entries"
PAID = [
    ("authorised_funds", 900, 0),
    ("authorisations", 0, 900),
    ("authorisations", 900, 0),
    ("authorised_funds", 0, 900),
    ("provider", 900, 0),
    ("customer_deposits", 0, 900),
    ("customer_deposits", 900, 0),
    ("sales", 0, 900),
]


async def test_what_is_paid_is_sold_and_what_is_refunded_goes_back(api):
    order = await buy(api.system, 300, 3)
    await ends(api.system, order.id, "completed")
    admin, auditor = await api.admin(), (await api.account("auditor")).headers
    position = f"min_position={(await api.system.reader.head()).position}"
    listed = await api("GET", f"{ENTRIES}?order_id={order.id}&{position}", auditor)
    assert [(one["account"], one["debit"], one["credit"]) for one in reversed(listed.json()["items"])] == PAID
    assert {one["currency"] for one in listed.json()["items"]} == {"GBP"}
    one, rest = (await api("GET", f"{ENTRIES}?order_id={order.id}&limit=3", admin)).json(), []
    while one["next_cursor"]:
        rest += one["items"]
        one = (await api("GET", f"{ENTRIES}?order_id={order.id}&limit=3&cursor={one['next_cursor']}", admin)).json()
    assert rest + one["items"] == listed.json()["items"]
    assert [line["credit"] for line in (await api("GET", f"{ENTRIES}?account=sales&order_id={order.id}", admin)).json()["items"]] == [900]
    await api.system.dispatch(RefundOrder(order_id=order.id, reason="broken"), Context(ADMIN, new_id()))
    await ends(api.system, order.id, "refunded")
    position = f"min_position={(await api.system.reader.head()).position}"
    answer = await api("GET", f"{BALANCE}?{position}", auditor)
    told = answer.json()
    assert told["balanced"] is True
    (pounds,) = told["currencies"]
    assert (pounds["currency"], pounds["balanced"], pounds["under_way"]) == ("GBP", True, 0)
    assert pounds["debit"] == pounds["credit"] == 6 * 900
    accounts = {one["account"]: one["balance"] for one in pounds["accounts"]}
    assert accounts == dict.fromkeys(("authorised_funds", "authorisations", "customer_deposits", "provider"), 0) | {
        "sales": -900,
        "sales_returns": 900,
    }
    assert told["position"] == int(answer.headers["daybook-position"])
    assert (await api("GET", BALANCE, auditor, headers={"If-None-Match": answer.headers["etag"]})).status_code == 304


async def test_the_books_are_for_administrators_and_auditors(api):
    for role in ("user", "manager", "service"):
        who = (await api.account(role)).headers
        assert problem(await api("GET", BALANCE, who)) == (403, "insufficient_role")
        assert problem(await api("GET", ENTRIES, who)) == (403, "insufficient_role")
