"""What the demo finds wrong with a shop, and which orders it takes for those of the file."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
from msgspec.structs import replace

from domain.shared.money import Money
from infra.demo.client import Api
from infra.demo.people import People
from infra.demo.shop.orders import Order, Sold, match
from infra.demo.shop.proof import compare_books, compare_orders, sums
from infra.demo.shop.result import Pace
from infra.demo.shop.step import Back, Item, Plan, Refund, Sale

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
A, ADA = UUID(int=1), UUID(int=7)
SALE = Sale(key="1", invoice="1", customer="9", items=(Item(line=2, code="A", quantity=2, price=300), Item(line=3, code="A", quantity=1, price=300)))
REFUND = Refund(invoice="C2", sale="1", backs=(Back(line=4, code="A", quantity=1, price=300, sold_at=300),))
PLAN = Plan(goods={}, sales=[SALE], refunds=[REFUND], named=[])


def gbp(amount: int) -> Money:
    return Money(amount, "GBP")


def order(nth: int = 1, quantity: int = 3, price: int = 300, refunded: int = 300) -> Order:
    return Order(
        id=UUID(int=100 + nth), customer_id=ADA, status="completed", payment_status="captured", status_message="",
        products=[Sold(A, quantity, gbp(price))], total_amount=gbp(quantity * price), refunded_amount=gbp(refunded), placed_at=NOON, updated_at=NOON,
    )  # fmt: skip


def people(books: list[dict[str, Any]] | None = None) -> People:
    """Ada has an account, and the shop shows these books."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/users":
            mine = [{"id": str(ADA), "email": "customer-9@shop.example"}] if request.url.params["role"] == "user" else []
            return httpx.Response(200, json={"items": mine, "next_cursor": None})
        if request.method == "POST":
            session = {"user": {"id": str(UUID(int=8))}, "access_token": "t", "refresh_token": "r", "expires_in": 900}
            return httpx.Response(200, json=session)
        balance = {"balanced": not sum(one["debit"] - one["credit"] for one in books or []), "currencies": [{"currency": "GBP", "accounts": books}]}
        return httpx.Response(200, json=balance)

    return People(Api("http://shop.test", 1, httpx.MockTransport(answer)), "root@shop.test", "x", "@shop.example")


async def test_an_order_is_known_by_whose_it_is_and_what_is_on_it_each_only_once():
    known = people()
    await known.open()
    twice = [SALE, replace(SALE, key="2"), replace(SALE, key="3")]
    found = match(twice, [order(2), order(1), order(3, price=299)], {"A": A}, known)
    assert {key: one.id.int for key, one in found.items()} == {"1": 101, "2": 102}


async def test_an_order_that_is_missing_or_says_otherwise_is_told():
    known = people()
    await known.open()
    assert compare_orders(PLAN, {"1": order()}, known) == []
    assert compare_orders(PLAN, {}, known) == ["invoice 1: no order"]
    for wrong in (order(price=301), order(refunded=0), replace(order(), customer_id=A), replace(order(), payment_status="voided")):
        assert len(compare_orders(PLAN, {"1": wrong}, known)) == 1


def test_only_what_was_completed_counts_and_a_penny_makes_it_unequal():
    assert sums(PLAN, [order()], Decimal(6)).equal
    assert sums(PLAN, [order(), replace(order(), status="rejected")], Decimal(6)).equal
    assert not sums(PLAN, [order()], Decimal("6.01")).equal


def books(**nets: int) -> list[dict[str, Any]]:
    return [{"account": name, "debit": max(net, 0), "credit": max(-net, 0)} for name, net in nets.items()]


async def test_books_that_do_not_balance_or_say_otherwise_than_the_orders_are_told():
    right = {"provider": 600, "sales": -900, "sales_returns": 300, "customer_deposits": 0}

    async def wrong(**nets: int) -> list[str]:
        found, _ = await compare_books(people(books(**right | nets)), [order()], 0)
        return [one.removeprefix("the books: ").split(" is ")[0] for one in found]

    assert await wrong() == []
    assert await wrong(sales=-901) == ["sales less sales_returns", "all", "the shop says that they do not balance"]
    assert await wrong(customer_deposits=5, provider=595) == ["customer_deposits", "provider"]


def test_the_pace_is_what_the_orders_themselves_say():
    later = replace(order(2), updated_at=NOON.replace(second=2))
    pace = Pace.of([order(), later], price_changes=3, placing_seconds=0.5)
    assert pace is not None
    assert (pace.placed_per_second, pace.over_per_second, pace.usual_milliseconds, pace.longest_milliseconds) == (4, 1, 1000, 2000)
    assert Pace.of([], price_changes=0, placing_seconds=0) is None
