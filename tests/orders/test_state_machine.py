"""Whatever people ask of the shop over HTTP: what they are shown fits together after each step, and the log once all is quiet."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from api.shared.health import Health
from domain.shared.event import Recorded
from infra.processes.clock import clock
from tests.faults.shop_checks import Wrong, all_is_well
from tests.http.daybook import Account, Api, daybook

pytestmark = pytest.mark.server
PRICES = st.sampled_from([0, 339, 500])
SETTINGS = {
    "payment_seed": 7,
    "payment_duration": 40,
    "payment_failed_probability": 40,
    "backoff_retries": 1,
    "backoff_delay": 5,
    "sweep_interval": 0.2,
    "reservation_ttl": "1s",
}
FITS = {
    "pending": {"pending"},
    "reserved": {"pending"},
    "confirmed": {"authorised"},
    "completed": {"captured"},
    "refunded": {"refunded"},
    "rejected": {"pending", "failed", "voided", "refunded"},
    "cancelled": {"pending", "failed", "voided", "refunded"},
}
"""What the payment status may be, by status."""
REFUSED = {400, 404, 409}
LONG = 500
"""Looks, twenty milliseconds apart, after which it should have come to rest."""


class Door:
    """A whole Daybook that runs in a thread of its own."""

    def __init__(self, portal: BlockingPortal, api: Api) -> None:
        self.portal = portal
        self.api = api
        self.admin = portal.call(api.admin)
        self.buyer: Account = portal.call(api.account)

    def ask(self, method: str, path: str, who: dict[str, str], body: Any = None) -> Any:
        headers = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
        return self.portal.call(lambda: self.api(method, f"/api/v1{path}", {**who, **headers}, **({} if body is None else {"json": body})))

    def head(self) -> int:
        return int(self.portal.call(self.api.system.reader.head).position)

    def quiet(self, since: int) -> None:
        """Wait until what came after a position adds up; raises what does not."""

        async def look() -> None:
            events: list[Recorded[Any]] = []
            for _ in range(LONG):
                while more := await self.api.system.reader.after(events[-1].position if events else since, 1_000):
                    events += more
                try:
                    return all_is_well(events)
                except Wrong as wrong:
                    why = wrong
                await asyncio.sleep(0.02)
            raise why

        self.portal.call(look)


class Shop(RuleBasedStateMachine):
    """One who runs the shop, and one who buys."""

    door: Door
    products, orders = Bundle("products"), Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.since = self.door.head()
        self.there: list[str] = []
        self.totals: dict[str, Any] = {}

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        return self.door.ask(method, path, self.door.admin, body)

    def buyer(self, method: str, path: str, body: Any = None) -> Any:
        return self.door.ask(method, path, self.door.buyer.headers, body)

    @initialize(target=products, price=PRICES)
    def begin(self, price):
        return self.add(price, 4)

    def add(self, price, quantity):
        made = self.admin("POST", "/products", {"name": f"Lamp {uuid4()}", "price": {"amount": price, "currency": "GBP"}, "quantity": quantity})
        assert made.status_code == 201, made.text
        self.there.append(made.json()["id"])
        return made.json()["id"]

    @precondition(lambda self: len(self.there) < 3)
    @rule(target=products, price=PRICES, quantity=st.integers(0, 5))
    def add_product(self, price, quantity):
        return self.add(price, quantity)

    @rule(product=products, what=st.sampled_from(["receive", "adjust", "reprice", "count"]), number=st.integers(1, 4), price=PRICES)
    def keep(self, product, what, number, price):
        match what:
            case "receive":
                self.granted(self.admin("POST", f"/products/{product}/stock-receipts", {"quantity": number}))
            case "adjust":
                self.granted(self.admin("POST", f"/products/{product}/stock-adjustments", {"delta": -number, "reason": "Broken"}))
            case "reprice":
                self.granted(self.admin("PATCH", f"/products/{product}", {"price": {"amount": price, "currency": "GBP"}}))
            case _:
                answer = self.granted(self.admin("PATCH", f"/products/{product}", {"quantity": number}))
                assert answer.status_code in REFUSED or answer.json()["quantity"] == number

    @precondition(lambda self: len(self.there) > 1)
    @rule(product=products)
    def delete_product(self, product):
        answer = self.granted(self.admin("DELETE", f"/products/{product}"))
        assert (answer.status_code == 204) == (product in self.there)
        self.there = [other for other in self.there if other != product]

    @precondition(lambda self: len(self.totals) < 6)
    @rule(target=orders, product=products)
    def place_one(self, product):
        return self.place([(product, 1)])

    @precondition(lambda self: len(self.totals) < 6)
    @rule(target=orders, wanted=st.lists(st.tuples(products, st.integers(1, 3)), min_size=1, max_size=3))
    def place_some(self, wanted):
        return self.place(wanted)

    def place(self, wanted):
        lines = [{"product_id": product, "quantity": quantity} for product, quantity in wanted]
        answer = self.granted(self.buyer("POST", "/orders", {"products": lines}))
        if answer.status_code != 201:
            return str(uuid4())
        order = answer.json()
        assert order["status"] == "pending"
        self.totals[order["id"]] = order["total_amount"]
        return order["id"]

    @rule(order=orders, by=st.booleans())
    def cancel(self, order, by):
        answer = self.granted((self.admin if by else self.buyer)("POST", f"/orders/{order}/cancel"))
        assert answer.status_code in REFUSED or answer.json()["status"] == "cancelled"

    @rule(order=orders)
    def pay(self, order):
        self.granted(self.buyer("POST", f"/orders/{order}/pay"))

    @rule(order=orders, amount=st.none() | st.integers(1, 400), restock=st.booleans())
    def refund(self, order, amount, restock):
        body = {"reason": "Broken", "restock": restock} | ({} if amount is None else {"amount": amount})
        self.granted(self.admin("POST", f"/orders/{order}/refund", body))

    @rule(order=orders, what=st.sampled_from(["ship", "deliver"]))
    def send(self, order, what):
        self.granted(self.admin("POST", f"/orders/{order}/{what}"))

    @rule()
    def wait(self):
        self.door.quiet(self.since)

    @staticmethod
    def granted(answer):
        """Or refused for a reason there is; the answer."""
        assert answer.status_code < 300 or answer.status_code in REFUSED, answer.text
        return answer

    @invariant()
    def products_are_shown_as_they_are(self):
        for product in self.there:
            shown, stock = self.admin("GET", f"/products/{product}").json(), self.admin("GET", f"/products/{product}/stock").json()
            assert shown["quantity"] >= 0
            assert 0 <= stock["reserved"] <= stock["on_hand"]
            assert stock["available"] == stock["on_hand"] - stock["reserved"]

    @invariant()
    def orders_fit_together(self):
        shown = {one["id"]: one for one in self.buyer("GET", "/orders?limit=100").json()["items"] if one["id"] in self.totals}
        assert set(shown) == set(self.totals)
        for order in shown.values():
            lines, total, back = order["products"], order["total_amount"]["amount"], order["refunded_amount"]["amount"]
            assert order["total_amount"] == self.totals[order["id"]]
            assert total == sum(line["subtotal"]["amount"] for line in lines)
            assert all(line["subtotal"]["amount"] == line["unit_price"]["amount"] * line["quantity"] for line in lines)
            assert order["payment_status"] in FITS[order["status"]], order
            assert (order["reason"] is not None) == (order["status"] == "rejected")
            assert order["fulfilment_status"] == "unfulfilled" or order["status"] in {"completed", "refunded"}
            assert 0 <= back <= total
            assert back == 0 or order["status"] in {"completed", "refunded"}
            assert order["status"] != "refunded" or back == total

    def teardown(self):
        self.door.quiet(self.since)


@pytest.fixture(scope="module")
def door(module_database, servers) -> Iterator[Door]:
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(daybook(module_database, servers.empty_redis(), **SETTINGS)) as api:
        beside = portal.start_task_soon(clock, api.system.settings, Health("clock"))
        yield Door(portal, api)
        beside.cancel()


def test_whatever_is_asked_over_http(door):
    Shop.door = door
    often = settings(max_examples=12, stateful_step_count=14, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Shop, settings=often)
