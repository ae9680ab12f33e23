"""Orders by day and currency: each fact counts on its day, and the sums are those of the log."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from application.payments.call import Answered, Refused, Unknown
from domain.orders import events as e
from domain.orders.status import RejectionReason
from domain.payments.charge import Charge
from domain.payments.step import Step
from domain.shared.money import Money
from infra.observability.orders import came_of_it, look
from projections.orders.order_days import ORDER_DAYS, STATUSES, days_of
from tests.http.daybook import own_api, problem
from tests.payments.making import write
from tests.scenario import Bare, World, folded

__all__ = ["own_api"]  # Days and totals are of all orders there are.

PATH = "/api/v1/admin/orders/summary"
FIRST = datetime(2026, 1, 30, 23, tzinfo=UTC)
GBP, EUR = Money(500, "GBP"), Money(700, "EUR")
BOB = UUID(int=1)


def an_order(id: UUID, price: Money, *facts: tuple[type[e.OrderEvent], dict], at: datetime = FIRST) -> list[e.OrderEvent]:
    """An order of one thing and what became of it, a day between two facts."""
    line = e.Line(UUID(int=9), "Lamp", price, 1)
    placed = e.OrderPlaced(order_id=id, at=at, customer_id=BOB, lines=(line,), total=price, due_at=at)
    return [placed, *(kind(order_id=id, at=at + timedelta(days=nth), **told) for nth, (kind, told) in enumerate(facts, 1))]


RESERVED = (e.OrderReserved, {"round": 1, "until": FIRST})
CONFIRMED = (e.OrderConfirmed, {"round": 1})
REJECTED = (e.OrderRejected, {"round": 1, "reason": RejectionReason.PAYMENT_FAILED, "message": "No."})
SOLD_OUT = (e.OrderRejected, {"round": 1, "reason": RejectionReason.INSUFFICIENT_STOCK, "message": "Gone."})
RETRIED = (e.OrderRetried, {"round": 2, "due_at": FIRST})
CANCELLED = (e.OrderCancelled, {"round": 1})


def completed(price: Money) -> tuple[type[e.OrderEvent], dict]:
    return e.OrderCompleted, {"round": 1, "total": price}


def refunded(price: Money, *, all: bool) -> tuple[type[e.OrderEvent], dict]:
    return e.OrderRefunded, {"refund_id": UUID(int=7), "amount": price, "all": all}


STORIES = [
    (GBP, [RESERVED], "reserved"),
    (GBP, [RESERVED, CONFIRMED, completed(GBP)], "completed"),
    (GBP, [completed(GBP), refunded(Money(200, "GBP"), all=False)], "completed"),
    (EUR, [completed(EUR), refunded(EUR, all=True)], "refunded"),
    (GBP, [REJECTED, RETRIED, REJECTED, RETRIED, CANCELLED], "cancelled"),
    (EUR, [SOLD_OUT], "rejected"),
    (EUR, [REJECTED, RETRIED], "pending"),
]


async def summed() -> dict[str, Counter[str]]:
    world, groups = World(), dict[str, Counter[str]]()
    for price, facts, _ in STORIES:
        order_id = world.new_id()
        await world.happened(order_id, *an_order(order_id, price, *facts))
    for row in folded(ORDER_DAYS, world.recorded).values():
        for group, numbers in ORDER_DAYS.contrib(row).items():
            groups.setdefault(group, Counter()).update(numbers)
    return groups


async def test_each_fact_counts_on_the_day_it_happened_in_its_currency():
    groups = await summed()
    assert set(groups) == {STATUSES, "2026-01", "2026-02"}
    del groups[STATUSES]
    days = {(one.day.isoformat(), one.currency): one.numbers for one in days_of(groups, date(2026, 1, 1), date(2026, 12, 31))}
    assert days["2026-01-30", "GBP"] == {"placed": 4}
    assert days["2026-01-30", "EUR"] == {"placed": 3}
    assert days["2026-01-31", "GBP"] == {"completed": 1, "revenue": 500, "rejected": 1, "payment_failed": 1}
    assert days["2026-01-31", "EUR"] == {"completed": 1, "revenue": 700, "rejected": 2, "payment_failed": 1}
    assert days["2026-02-01", "GBP"] == {"refunds": 200}
    assert days["2026-02-01", "EUR"] == {"refunds": 700}
    assert days["2026-02-02", "GBP"] == {"completed": 1, "revenue": 500, "rejected": 1, "payment_failed": 1}
    assert days["2026-02-04", "GBP"] == {"cancelled": 1}
    assert len(days) == 8
    assert [one.day.day for one in days_of(groups, date(2026, 2, 2), date(2026, 2, 3))] == [2]


async def test_orders_are_counted_by_how_they_stand_now():
    assert (await summed())[STATUSES] == Counter(status for _, _, status in STORIES)


async def test_what_is_given_back_twice_on_one_day_adds_up():
    world, (placed, paid, back) = World(), an_order(BOB, GBP, completed(GBP), refunded(Money(100, "GBP"), all=False))
    await world.happened(BOB, placed, paid, back, back)
    (row,) = folded(ORDER_DAYS, world.recorded).values()
    assert ORDER_DAYS.contrib(row)["2026-02"] == {"2026-02-01 GBP refunds": 200}


OUTCOMES = [
    (Answered(Charge()), "answered"),
    (Refused("no_funds", "No.", final=True), "declined"),
    (Refused("busy", "Not now."), "refused"),
    (Unknown("no answer"), "unknown"),
]


@pytest.mark.parametrize(("outcome", "word"), OUTCOMES, ids=[word for _, word in OUTCOMES])
def test_what_comes_of_calls_to_the_provider_is_counted_by_step(outcome, word):
    labels = {"step": "authorise", "outcome": word}
    before = REGISTRY.get_sample_value("daybook_payment_outcomes_total", labels) or 0
    came_of_it(Step.AUTHORISE, outcome)
    assert REGISTRY.get_sample_value("daybook_payment_outcomes_total", labels) == before + 1


async def test_administrators_and_auditors_are_told_days_and_totals_and_nobody_else_is(api):
    system, now = api.system, api.system.log.now()
    today, yesterday = now.date().isoformat(), (now - timedelta(days=1)).date().isoformat()
    for price, refund in ((GBP, Money(200, "GBP")), (EUR, EUR)):
        order_id = system.context().command_id
        placed, paid, back = an_order(order_id, price, completed(price), refunded(refund, all=refund == price), at=now - timedelta(days=1))
        position = await write(system, Bare(id=order_id), placed, paid, e.OrderRefunded(order_id=order_id, at=now, **_of(back)))
    answer = await api("GET", PATH, await api.admin(), params={"from": yesterday, "to": today, "min_position": position})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    nothing = {"placed": 0, "completed": 0, "rejected": 0, "payment_failed": 0, "cancelled": 0}
    assert [(day["date"], day["currency"]) for day in told["days"]] == [(one, of) for one in (yesterday, today) for of in ("EUR", "GBP")]
    assert told["totals"][1] == nothing | {
        "currency": "GBP",
        "placed": 1,
        "completed": 1,
        "revenue": {"amount": 500, "currency": "GBP"},
        "refunds": {"amount": 200, "currency": "GBP"},
    }
    assert told["statuses"] == {"completed": 1, "refunded": 1}
    await look(system.log.reads)
    assert [REGISTRY.get_sample_value("daybook_orders", {"status": one}) for one in ("completed", "refunded", "pending")] == [1, 1, 0]
    only = await api("GET", PATH, (await api.account("auditor")).headers, params={"from": today})
    assert {day["date"] for day in only.json()["days"]} == {today}
    assert problem(await api("GET", PATH, (await api.account()).headers)) == (403, "insufficient_role")
    assert problem(await api("GET", PATH, await api.admin(), params={"from": "1900-01-01"}))[0] == 400


def _of(refund: e.OrderRefunded) -> dict:
    return {"refund_id": refund.refund_id, "amount": refund.amount, "all": refund.all}
