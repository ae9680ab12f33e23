"""Orders and payments are told to whoever ordered and to who reads all orders, with how they stand, and to nobody else."""

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from jsonschema import Draft202012Validator

from api.live.channel import must_hear, read
from api.live.circles import Circles
from api.live.document import asyncapi
from api.live.orders import ALL_ORDERS
from api.live.tell import tell_of
from application.shared.context import Caller
from domain.orders import events as o
from domain.orders.status import RejectionReason
from domain.payments import events as p
from domain.payments.step import Step
from domain.shared.aggregate import Aggregate
from domain.shared.money import Money
from domain.shared.refused import InsufficientRole, InsufficientScope, NotFound
from tests.live.clients import streams
from tests.payments.shopping import buy, cancel
from tests.scenario import NOON, World

BOB, EVE, ORDER, PAYMENT = (UUID(int=nth) for nth in range(1, 5))
PRICE = Money(500, "GBP")
PLACED = o.OrderPlaced(order_id=ORDER, at=NOON, customer_id=BOB, lines=(o.Line(UUID(int=9), "Lamp", PRICE, 1),), total=PRICE, due_at=NOON)
OF = {"payment_id": PAYMENT, "order_id": ORDER, "round": 1, "at": NOON}
REQUESTED = p.PaymentRequested(**OF, customer_id=BOB, amount=PRICE)
STARTED = p.CallStarted(**OF, step=Step.AUTHORISE, attempt=1, key="k", until=NOON)


class Feed:
    """The log of a world, as circles read it."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def streams(self, ids, upto):
        return [one for one in self.world.recorded if one.stream_id in ids and one.position <= upto]


async def told(stream: UUID, *events, begin: int = 0) -> list[Any]:
    """What is told of each event after a position."""
    world = World()
    await world.happened(stream, *events)
    circles, later = Circles(Feed(world), begin), world.recorded[begin:]
    await circles.prepare(later)
    return [tell_of(type(one.event)).says(circles.advance(one)) for one in later]


async def test_of_each_event_of_an_order_is_told_whose_it_is_and_how_it_stands_after_it():
    rejected = o.OrderRejected(order_id=ORDER, at=NOON, round=1, reason=RejectionReason.PAYMENT_FAILED, message="Declined.", payment_failed=True)
    first, reserved, last = await told(ORDER, PLACED, o.OrderReserved(order_id=ORDER, at=NOON, round=1, until=NOON), rejected)
    stands = [(one.data["status"], one.data["status_message"], one.data["payment_status"]) for one in (first, reserved, last)]
    assert stands == [("pending", "", "pending"), ("reserved", "", "pending"), ("rejected", "Declined.", "failed")]
    for one in (first, reserved, last):
        assert (one.id, one.data["update"], one.data["user_id"], one.data["order_id"]) == (ORDER, "order.updated", str(BOB), str(ORDER))
        assert one.to == {ALL_ORDERS.topic(None), f"orders:{BOB}", f"order:{ORDER}"}


async def test_it_is_told_the_same_wherever_one_begins_to_listen():
    events = [PLACED, o.OrderCancelled(order_id=ORDER, at=NOON, round=1, reason="Too late"), o.OrderResumed(order_id=ORDER, at=NOON, round=1)]
    whole = await told(ORDER, *events)
    for begin in (1, 2):
        assert await told(ORDER, *events, begin=begin) == whole[begin:]


OUTCOMES = [
    (p.CallFailed(**OF, step=Step.AUTHORISE, attempt=1, code="declined", message="Not now.", retry_at=NOON), "pending", "Not now."),
    (p.CallUnknown(**OF, step=Step.AUTHORISE, attempt=1, message="Nobody answered.", retry_at=NOON), "pending", "Nobody answered."),
    (p.PaymentAuthorised(**OF, amount=PRICE), "authorised", ""),
    (p.PaymentFailed(**OF, code="declined", message="No."), "failed", "No."),
]


@pytest.mark.parametrize(
    ("outcome", "status", "message"), OUTCOMES, ids=lambda one: getattr(type(one), "__name__", "") if isinstance(one, p.PaymentEvent) else ""
)
async def test_each_outcome_of_an_attempt_is_told_as_an_update_of_the_payment(outcome, status, message):
    *_, last = await told(PAYMENT, REQUESTED, STARTED, outcome)
    assert (last.data["update"], last.data["user_id"], last.data["order_id"]) == ("payment.updated", str(BOB), str(ORDER))
    assert (last.data["status"], last.data["status_message"]) == (status, message)
    assert last.to == {ALL_ORDERS.topic(None), f"orders:{BOB}", f"order:{ORDER}"}


async def test_what_is_told_fits_the_document():
    document = msgspec.json.decode(msgspec.json.encode(asyncapi("https://daybook.example")))
    events = (PLACED, *(one for one, _, _ in OUTCOMES))
    for event in events:
        name = tell_of(type(event)).names()
        (word,) = [word for word, shape in name.items() if shape is type(event)]
        before = () if event is PLACED else (REQUESTED, STARTED)
        *_, last = await told(ORDER if event is PLACED else PAYMENT, *before, event)
        data = document["components"]["messages"][word]["payload"]["properties"]["data"] | {"components": document["components"]}
        assert [error.message for error in Draft202012Validator(data).iter_errors(msgspec.json.decode(msgspec.json.encode(last.data)))] == []


async def heard(caller: Caller, channel: str) -> None:
    world = World()
    await world.happened(ORDER, PLACED)

    async def load(kind: type[Aggregate], stream_id: UUID) -> Aggregate:
        return (await world.log.load(kind, stream_id))[0]

    await must_hear(caller, read(channel, caller), load)


@pytest.mark.parametrize(
    ("caller", "channel", "refusal"),
    [
        (Caller(BOB, "user"), "orders", None),
        (Caller(BOB, "user"), f"order:{ORDER}", None),
        (Caller(EVE, "user"), f"order:{ORDER}", NotFound),
        (Caller(EVE, "manager"), f"order:{ORDER}", NotFound),
        (Caller(BOB, "user"), f"order:{PAYMENT}", NotFound),
        (Caller(EVE, "auditor"), f"order:{PAYMENT}", NotFound),
        (Caller(EVE, "auditor"), f"order:{ORDER}", None),
        (Caller(EVE, "admin"), "all-orders", None),
        (Caller(EVE, "auditor"), "all-orders", None),
        (Caller(BOB, "user"), "all-orders", InsufficientRole),
        (Caller(EVE, "service"), f"order:{ORDER}", None),
        (Caller(EVE, "service"), "all-orders", InsufficientRole),
        (Caller(EVE, "node"), "orders", InsufficientRole),
        (Caller(EVE, "admin", scopes=frozenset({"tasks:*"})), "all-orders", InsufficientScope),
        (Caller(BOB, "user", scopes=frozenset({"tasks:*"})), f"order:{ORDER}", InsufficientScope),
    ],
)
async def test_who_may_listen(caller, channel, refusal):
    if refusal is None:
        await heard(caller, channel)
    else:
        with pytest.raises(refusal):
            await heard(caller, channel)


async def test_customer_and_administrator_hear_of_an_order_and_a_stranger_does_not(here):
    ada, eve = await here.api.account(), await here.api.account()
    admin = await here.api.admin()
    async with (
        here.listens(ada.headers, "orders") as hers,
        here.listens(eve.headers, "orders") as other,
        here.listens(admin, "all", "all-orders") as office,
    ):
        for one in (hers, other, office):
            await one.hears("live.subscribed")
        order = str((await buy(here.api.system, 500, 2, UUID(ada.id))).id)
        placed = await hers.hears("order.placed", id=order)
        assert (placed["data"]["total"], placed["data"]["user_id"]) == ({"amount": 1000, "currency": "GBP"}, ada.id)
        await hers.hears("order.reserved", id=order)
        requested = await hers.hears("payment.requested")
        assert (requested["data"]["update"], requested["data"]["order_id"]) == ("payment.updated", order)
        assert (await office.hears("order.placed", id=order))["channels"] == ["all-orders"]
        await office.hears("payment.requested")
        own = str((await buy(here.api.system, 500, 2, UUID(eve.id))).id)
        await other.hears("order.placed", id=own)
        assert {one["data"]["order_id"] for one in other.events} == {own}
    assert await here.refusal(eve.headers, f"order:{order}") == 4003
    assert await here.refusal(eve.headers, f"order:{uuid4()}") == 4003
    assert await here.refusal(eve.headers, "all-orders") == 4003
    async with streams(here.http, eve.headers, f"order:{order}") as (answer, _):
        assert answer.status_code in {403, 404}


async def test_who_comes_again_with_the_last_position_misses_nothing_of_an_order_and_hears_nothing_twice(here):
    ada = await here.api.account()
    order = await buy(here.api.system, 500, customer_id=UUID(ada.id))
    async with here.listens(ada.headers, f"order:{order.id}", after=0) as first:
        await first.hears("order.placed")
    await cancel(here.api.system, order)
    async with here.listens(ada.headers, f"order:{order.id}", after=first.position) as again, here.listens(ada.headers, "orders", after=0) as whole:
        await again.until(lambda told: told["type"] == "order.payment_settled")
        await whole.until(lambda told: told["type"] == "order.payment_settled")
    heard = [one["position"] for one in first.events + again.events]
    assert heard == sorted(set(heard)) == [one["position"] for one in whole.events]


async def test_a_customer_watches_an_order_from_its_first_word_to_its_last(here):
    ada = await here.api.account()
    async with here.listens(ada.headers, "orders") as listener:
        await listener.hears("live.subscribed")
        order = str((await buy(here.api.system, 500, customer_id=UUID(ada.id))).id)
        await listener.until(lambda told: told["type"] == "order.completed", 20)
    told = [one["data"] for one in listener.events]
    assert {one["order_id"] for one in told} == {order}
    orders = [(one["status"], one["payment_status"]) for one in told if one["update"] == "order.updated"]
    assert orders == [("pending", "pending"), ("reserved", "pending"), ("confirmed", "authorised"), ("completed", "captured")]
    payments = list(dict.fromkeys(one["status"] for one in told if one["update"] == "payment.updated"))
    assert payments == ["pending", "authorised", "captured"]
