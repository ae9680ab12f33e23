"""A running Daybook whose payment provider does what providers do on bad days: every order ends, and nobody pays twice."""

import pytest

from application.orders.order import PayOrder
from application.payments.call import LearnCharge
from application.shared.context import Caller, Context
from domain.payments.payment import payment_id
from domain.payments.step import Step
from domain.shared.payment_status import PaymentStatus
from infra.app import new_id
from infra.outside.breaker import Breaker
from infra.outside.payment_http import HttpGateway
from tests.eventually import eventually
from tests.payments.misbehaving import silences
from tests.payments.provider import KEY
from tests.payments.shopping import buy, changed_their_mind, ends, the_order, the_payment
from tests.payments.till import till

pytestmark = [pytest.mark.anyio, pytest.mark.server]
PATIENCE = 0.5
TROUBLES = [
    *silences(2 * PATIENCE),
    {"what": "late", "done": False, "seconds": 2 * PATIENCE},
    *({"what": what} for what in ("twice", "busy", "failed")),
]


@pytest.fixture(scope="module")
async def system(module_database, servers, provider):
    gateway = HttpGateway(provider.url, KEY, PATIENCE)
    async with till(module_database, servers.empty_redis(), backoff_delay=50) as shop:
        await shop.open(gateway, Breaker(reset=0.2))
        yield shop.system
    await gateway.close()


@pytest.mark.parametrize("step", ["authorise", "capture"])
async def test_whatever_goes_wrong_an_order_is_paid_once(system, provider, step):
    for trouble in TROUBLES:
        await provider.behave(trouble | {"step": step})
        order = await ends(system, (await buy(system, 500)).id, "completed")
        assert await provider.times(payment_id(order.id, 1)) == {"authorise": 1, "capture": 1}, trouble


async def test_many_things_that_go_wrong_at_once_charge_nobody_twice(system, provider):
    await provider.behave(*TROUBLES, *reversed(TROUBLES))
    orders = [await buy(system, 500 + number) for number in range(40)]
    for order in orders:
        await ends(system, order.id, "completed", 60)
        assert await provider.times(payment_id(order.id, 1)) == {"authorise": 1, "capture": 1}


async def test_what_is_declined_is_not_tried_again(system, provider):
    await provider.behave({"what": "declined"})
    order = await ends(system, (await buy(system, 500)).id, "rejected")
    assert order.status_message == "It was declined."
    assert [one["step"] for one in await provider.asked(payment_id(order.id, 1))] == ["authorise"]
    assert await provider.times(payment_id(order.id, 1)) == {}


async def test_money_of_an_earlier_try_goes_back_and_the_order_that_was_paid_since_shows_it(system, provider):
    await provider.behave({"what": "declined", "step": "authorise"})
    order = await ends(system, (await buy(system, 500)).id, "rejected")
    await system.dispatch(PayOrder(order_id=order.id), Context(Caller(order.customer_id, "user"), new_id()))
    await ends(system, order.id, "completed")
    first = payment_id(order.id, 1)
    provider_itself = HttpGateway(provider.url, KEY, PATIENCE)
    for step in (Step.AUTHORISE, Step.CAPTURE):
        charge = await provider_itself.carry_out(step, first, order.total, f"all the same/{step}")
    await provider_itself.close()
    await system.dispatch(LearnCharge(payment_id=first, charge=charge), system.context())

    async def shown():
        known = await the_order(system, order.id)
        return known if known.earlier == {1: PaymentStatus.REFUNDED} else None

    known = await eventually(shown)
    assert (known.status, known.payment_status, known.refunded) == ("completed", "captured", 0)
    assert await provider.times(first) == {"authorise": 1, "capture": 1, "refund": 1}


async def test_what_turns_out_to_be_authorised_after_the_order_was_cancelled_goes_back(system, provider):
    await provider.behave({"what": "late", "done": True, "seconds": 2 * PATIENCE, "step": "authorise"})
    order = await changed_their_mind(system, provider)

    async def is_settled():
        return (await the_order(system, order.id)).payment_status == "voided"

    await eventually(is_settled)
    assert await provider.times(payment_id(order.id, 1)) == {"authorise": 1, "void": 1}


async def test_a_call_that_arrives_after_all_is_asked_about_and_given_back_though_nobody_tells(system, provider):
    await provider.behave({"what": "late", "done": False, "seconds": 4 * PATIENCE, "step": "authorise"})
    order = await changed_their_mind(system, provider)
    payment = payment_id(order.id, 1)

    async def is_quiet():
        return (await the_payment(system, order.id)).is_quiet

    async def is_void():
        return await provider.times(payment) == {"authorise": 1, "void": 1}

    await eventually(is_quiet)
    assert await provider.times(payment) == {}
    assert (await the_order(system, order.id)).status == "cancelled"
    await eventually(is_void, 20)
