"""A call that nobody heard of and that arrives after the order was given up: what it took is found by asking, also after a restart."""

import asyncio

import pytest

from domain.payments.payment import payment_id
from domain.payments.step import Step
from infra.outside import payment_simulator as simulated
from infra.outside.payment_simulator import Manner, PaymentSimulator
from infra.postgres.connections import pool
from tests.eventually import eventually
from tests.payments.shopping import buy, cancel, ends, the_order, the_payment
from tests.payments.till import till

pytestmark = [pytest.mark.anyio, pytest.mark.server]


@pytest.fixture
async def shop(module_database, servers):
    # Time to cancel before what was not answered is tried again.
    async with till(module_database, servers.empty_redis(), backoff_delay=1500) as running:
        yield running


@pytest.fixture
async def provider(module_database, shop):  # noqa: ARG001 — it migrates.
    """The simulator, which stands for a company outside: it goes on while our processes come and go."""
    async with pool(module_database.app_url, name="provider", size=2) as memory:
        made = PaymentSimulator(memory, Manner(timeout=0.1))
        yield made
        await made.close()


async def test_what_appears_late_is_void_in_the_end_whoever_died_meanwhile(shop, provider, monkeypatch):
    arrives = asyncio.Event()

    async def arrive(payment, amount, key):
        await arrives.wait()
        await provider._do(Step.AUTHORISE, payment, amount, key)

    monkeypatch.setattr(provider, "_arrive", arrive)
    first = await shop.open(provider)
    order = await buy(shop.system, simulated.AUTHORISED_LATE)
    payment = payment_id(order.id, 1)

    async def is_asked_about():
        return "payment.call_unknown" in await shop.events(payment)

    await eventually(is_asked_about)
    await cancel(shop.system, order)

    async def is_given_up():
        return "payment.recheck_planned" in await shop.events(payment) and (await the_order(shop.system, order.id)).payment_status == "voided"

    await eventually(is_given_up)
    await first.end()
    arrives.set()

    async def is_authorised():
        return (await provider.query(payment)).authorised

    await eventually(is_authorised)
    assert (await the_payment(shop.system, order.id)).told.authorised == 0
    await shop.open(provider)

    async def is_void():
        stands = await provider.query(payment)
        return stands.voided == stands.authorised == simulated.AUTHORISED_LATE

    await eventually(is_void, 20)

    async def is_known():
        known = await the_payment(shop.system, order.id)
        return (known.status, known.next_step) == ("voided", None)

    await eventually(is_known)

    async def is_settled():
        known = await the_order(shop.system, order.id)
        return (known.status, known.payment_status) == ("cancelled", "voided")

    await eventually(is_settled)


async def test_what_appears_late_is_what_the_order_waited_for_if_nobody_gave_it_up(shop, provider, monkeypatch):
    monkeypatch.setattr(simulated, "LATE", 0.5)
    await shop.open(provider)
    order = await ends(shop.system, (await buy(shop.system, simulated.AUTHORISED_LATE)).id, "completed")
    stands = await provider.query(payment_id(order.id, 1))
    assert stands.authorised == stands.captured == simulated.AUTHORISED_LATE
