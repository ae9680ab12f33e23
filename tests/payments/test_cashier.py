"""Who asks the payment provider: once per step, whatever dies, whoever is slow, and however long the provider is away."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace

import msgspec
import pytest

from application.payments.gateway import NotDone, OutcomeUnknown
from domain.orders.order import Order
from domain.payments.payment import payment_id
from domain.payments.step import Step
from domain.shared.refused import TooManyRequests
from infra.memory.gateway import MemoryGateway
from infra.outside.breaker import CLOSED, OPEN, Breaker
from infra.postgres.hot_reads import HotReads
from infra.processes import cashier
from projections.payments.payments import PAYMENTS, Attempt
from tests.eventually import eventually
from tests.payments.shopping import buy, ends, the_payment
from tests.payments.till import Impatient, till

pytestmark = [pytest.mark.anyio, pytest.mark.server]
CLOCKS = 0.1
"""Seconds that what a process knows of the database's clock may be off on a busy machine: as long as an append takes to be answered."""
AWAY = NotDone("provider_unreachable", "The payment provider cannot be reached.", answered=False)


def always(error):
    """This goes wrong with every call."""
    return lambda *_: error


class Listening(MemoryGateway):
    """A provider that notes who asks it for what; `held` calls wait until `go` is set, before or after they are done."""

    def __init__(self, held: str = "") -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []
        self.at: list[float] = []
        self.go = asyncio.Event()
        self.held = held
        self.now = self.most = 0

    async def carry_out(self, step, payment_id, amount, key):
        self.asked.append((step.value, key))
        self.at.append(asyncio.get_running_loop().time())
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            if self.held == "before" and step is Step.AUTHORISE:
                await self.go.wait()
            charge = await super().carry_out(step, payment_id, amount, key)
            if self.held == "after" and step is Step.AUTHORISE:
                await self.go.wait()
            return charge
        finally:
            self.now -= 1

    async def query(self, payment_id):
        self.asked.append(("query", ""))
        return await super().query(payment_id)

    def steps(self, order: Order) -> list[str]:
        """What was asked for the payment of an order, without questions."""
        return [step for step, key in self.asked if key.startswith(str(payment_id(order.id, 1)))]


@pytest.fixture(scope="module")
async def shop(module_database, servers):
    retrying = {"backoff_retries": 3, "backoff_delay": 200}
    async with till(module_database, servers.empty_redis(), Impatient, **retrying) as running:
        yield running


@pytest.fixture(autouse=True)
async def _closed(shop):
    """Nobody asks before the test lets somebody, nor after it."""
    yield
    for consumers in shop.all:
        await consumers.end()
    shop.all.clear()


async def test_each_step_is_asked_for_once_and_another_cashier_takes_over(shop):
    gateway = Listening()
    first, second = await shop.open(gateway), await shop.open(gateway, leading=False)
    orders = [await buy(shop.system, 500) for _ in range(5)]
    for order in orders:
        await ends(shop.system, order.id, "completed")
        assert gateway.steps(order) == ["authorise", "capture"]
    assert not await second.leads()
    await first.end()
    order = await buy(shop.system, 500)
    await ends(shop.system, order.id, "completed")
    assert gateway.steps(order) == ["authorise", "capture"]
    assert await second.leads()


@pytest.mark.parametrize(("killed", "authorised"), [("before", ["authorise", "authorise"]), ("after", ["authorise"])])
async def test_a_cashier_that_dies_while_it_asks_leaves_nothing_charged_twice(shop, monkeypatch, killed, authorised):
    monkeypatch.setattr(cashier, "ORDERLY", 0.01)
    gateway = Listening(held=killed)
    dying = await shop.open(gateway)
    order = await buy(shop.system, 500)
    payment = payment_id(order.id, 1)

    async def asked():
        return gateway.steps(order)

    await eventually(asked)
    await dying.end()
    assert (await shop.events(payment))[-1] == "payment.call_started"
    gateway.held = ""
    await shop.open(gateway)
    await ends(shop.system, order.id, "completed")
    assert gateway.steps(order) == [*authorised, "capture"]
    assert len({key for step, key in gateway.asked if step == "authorise" and key.startswith(str(payment))}) == 1
    assert "payment.call_unknown" in await shop.events(payment)
    assert gateway.charges[payment].authorised == gateway.charges[payment].captured == 500


async def test_a_provider_that_is_away_is_left_alone_then_tried_once_and_costs_no_attempts(shop):
    clock = SimpleNamespace(now=0.0)
    gateway, breaker = Listening(), Breaker(lambda: clock.now, reset=1.5)
    gateway.before = always(AWAY)
    await shop.open(gateway, breaker)
    first = [await buy(shop.system, 500) for _ in range(3)]

    async def is_open():
        return breaker.state == OPEN

    await eventually(is_open)
    asked, waiting = len(gateway.asked), [await buy(shop.system, 500) for _ in range(10)]

    async def are_requested():
        return [await shop.events(payment_id(order.id, 1)) for order in waiting] == [["payment.requested"]] * len(waiting)

    await eventually(are_requested)
    assert len(gateway.asked) == asked
    gateway.before = always(None)
    gateway.most = 0
    clock.now = 2.0
    for order in (*first, *waiting):
        await ends(shop.system, order.id, "completed")
    assert breaker.state == CLOSED
    for order in waiting:
        assert (await the_payment(shop.system, order.id)).tries == {Step.AUTHORISE: 1, Step.CAPTURE: 1}


async def test_of_many_that_wait_one_tries_whether_the_provider_is_back(shop):
    gateway, breaker = Listening(), Breaker(reset=1.0)
    gateway.before = always(OutcomeUnknown("away"))
    await shop.open(gateway, breaker)
    orders = [await buy(shop.system, 500) for _ in range(10)]

    async def is_open():
        return breaker.state == OPEN

    await eventually(is_open)
    gateway.asked.clear()

    async def was_tried():
        return gateway.asked

    await eventually(was_tried)
    assert len(gateway.asked) == 1
    gateway.before = always(None)
    for order in orders:
        await ends(shop.system, order.id, "completed")


async def test_a_call_that_takes_long_holds_no_other_payment_up(shop, monkeypatch):
    monkeypatch.setattr("tests.payments.till.PATIENCE", timedelta(minutes=20))
    gateway = Listening(held="before")
    await shop.open(gateway)
    slow = await buy(shop.system, 500)

    async def asked():
        return gateway.steps(slow)

    await eventually(asked)
    gateway.held = ""
    quick = [await buy(shop.system, 500) for _ in range(20)]
    for order in quick:
        await ends(shop.system, order.id, "completed", 5)
    assert gateway.steps(slow) == ["authorise"]
    gateway.go.set()
    await ends(shop.system, slow.id, "completed")


async def test_attempts_keep_their_schedule_through_a_restart_and_the_next_one_can_be_seen(shop):
    gateway, payments = Listening(), f"select attempts, due_at from {PAYMENTS.table} where id = %b"
    gateway.before = always(NotDone("no_funds", "Not enough money."))
    first = await shop.open(gateway)
    order = await buy(shop.system, 500)

    async def is_shown():
        rows = await shop.system.log.reads(payments, payment_id(order.id, 1))
        attempts = msgspec.json.decode(rows[0][0], type=list[Attempt]) if rows else []
        return (attempts, rows[0][1]) if len(attempts) == 2 and attempts[-1].next_attempt_at else None

    attempts, due_at = await eventually(is_shown)
    await first.end()
    assert [(one.number, one.outcome, one.code) for one in attempts] == [(1, "failed", "no_funds"), (2, "failed", "no_funds")]
    assert attempts[-1].next_attempt_at == due_at == (await the_payment(shop.system, order.id)).retry_at
    await shop.open(gateway)
    assert (await ends(shop.system, order.id, "rejected")).status_message == "Not enough money."
    assert gateway.steps(order) == ["authorise"] * 4
    assert len({key for _, key in gateway.asked}) == 4
    pauses = [after - before for before, after in pairwise(gateway.at)]
    assert all(pause > planned - CLOCKS for pause, planned in zip(pauses, (0.2, 0.4, 0.8), strict=True)), pauses


async def test_a_cashier_whose_looks_are_refused_for_a_while_goes_on(shop, monkeypatch):
    refused = []

    async def busy(reads, statement, *arguments):
        if "due_at <=" in statement and len(refused) < 3:
            refused.append(statement)
            raise TooManyRequests
        return await read(reads, statement, *arguments)

    read = HotReads.__call__
    monkeypatch.setattr(HotReads, "__call__", busy)
    await shop.open(leading=False)
    await ends(shop.system, (await buy(shop.system, 500)).id, "completed")
    assert len(refused) == 3
