"""The simulated provider: fails as often as it is told to, takes as long as it is told to, and has amounts that end in their own way."""

import asyncio
import contextlib
import math
import time
from uuid import UUID, uuid4

import pytest

from application.payments.gateway import Declined, NotDone, OutcomeUnknown
from domain.payments.step import Step
from domain.shared.money import Money
from infra.outside import payment_simulator as simulated
from infra.outside.payment_providers import manner
from infra.outside.payment_simulator import Manner, PaymentSimulator
from infra.postgres.connections import pool
from infra.postgres.migrate import migrate
from infra.settings import BadSettings, read_settings
from tests.eventually import eventually
from tests.infra.test_settings import ENOUGH

pytestmark = pytest.mark.anyio
TEN = Money(1000, "GBP")
ATTEMPTS = 2_000


def fates(failing: float, seed: int = 0) -> list[str]:
    """What becomes of as many attempts to pay."""
    simulator = PaymentSimulator(None, Manner(failing=failing, seed=seed))
    return [simulator.fate(TEN) for _ in range(ATTEMPTS)]


@pytest.fixture
async def simulator(module_database):
    migrate(module_database.owner_url)
    async with pool(module_database.app_url, name="test", size=4) as memory:

        def behaving(**how) -> PaymentSimulator:
            return PaymentSimulator(memory, Manner(**{"timeout": 0.05} | how))

        yield behaving


@pytest.mark.parametrize("seed", [0, 1, 2026])
@pytest.mark.parametrize("failing", [0.5, 5, 30, 50, 95])
def test_as_many_attempts_fail_as_the_settings_say(failing, seed):
    share = failing / 100
    five_deviations = 5 * math.sqrt(share * (1 - share) / ATTEMPTS)
    assert fates(failing, seed).count("failed") / ATTEMPTS == pytest.approx(share, abs=five_deviations)


@pytest.mark.parametrize("seed", [0, 1])
def test_with_0_percent_none_fails_and_with_100_every_one(seed):
    assert set(fates(0, seed)) == {"done"}
    assert set(fates(100, seed)) == {"failed"}


def test_the_same_seed_fails_the_same_attempts_and_another_one_others():
    assert fates(50, seed=7) == fates(50, seed=7) != fates(50, seed=8)
    assert fates(50, seed=0) != fates(50, seed=0)


def test_each_attempt_of_a_payment_is_decided_anew():
    assert set(fates(50, seed=7)[:20]) == {"done", "failed"}


@pytest.mark.parametrize("percent", ["-0.1", "100.1", "nan", "inf", "many"])
def test_a_probability_that_is_none_stops_the_start(percent):
    with pytest.raises(BadSettings, match="PAYMENT_FAILED_PROBABILITY"):
        read_settings(ENOUGH | {"PAYMENT_FAILED_PROBABILITY": percent})


@pytest.mark.parametrize("name", ["PAYMENT_DURATION", "BACKOFF_RETRIES", "BACKOFF_DELAY"])
def test_there_is_no_negative_time_or_number(name):
    with pytest.raises(BadSettings, match=name):
        read_settings(ENOUGH | {name: "-1"})


def test_the_settings_say_how_it_behaves():
    given = {"PAYMENT_DURATION": "250", "PAYMENT_FAILED_PROBABILITY": "12.5", "PAYMENT_SEED": "7", "PAYMENT_TIMEOUT": "3"}
    assert manner(read_settings(ENOUGH | given)) == Manner(duration=0.25, failing=12.5, seed=7, timeout=3)


@pytest.mark.server
async def test_of_2000_real_attempts_as_many_fail_and_each_is_told_the_same_again(simulator):
    failing = simulator(failing=30, seed=11)
    payments = [uuid4() for _ in range(ATTEMPTS)]

    async def attempt(provider: PaymentSimulator, payment: UUID) -> str:
        try:
            await provider.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/authorise/0")
        except NotDone as why:
            return why.code
        return "done"

    told = await asyncio.gather(*(attempt(failing, payment) for payment in payments))
    assert told.count("payment_failed") / ATTEMPTS == pytest.approx(0.3, abs=0.05)
    assert (await failing.query(payments[0])).authorised == (1000 if told[0] == "done" else 0)
    again = await asyncio.gather(*(attempt(simulator(failing=100), payment) for payment in payments[:100]))
    assert again == told[:100]


@pytest.mark.server
async def test_the_same_seed_fails_the_same_payments_again_though_their_ids_are_others(simulator):
    async def told() -> list[bool]:
        provider, seen = simulator(failing=50, seed=7), list[bool]()
        for payment in (uuid4() for _ in range(20)):
            with contextlib.suppress(NotDone):
                await provider.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/authorise/0")
            seen.append((await provider.query(payment)).authorised > 0)
        return seen

    first = await told()
    assert set(first) == {True, False}
    assert await told() == first


@pytest.mark.server
@pytest.mark.parametrize("milliseconds", [0, 300])
async def test_an_authorisation_takes_as_long_as_the_settings_say_and_holds_nobody_up(simulator, milliseconds):
    provider = simulator(duration=milliseconds / 1000)
    await provider.query(uuid4())
    began = time.monotonic()
    payments = [uuid4() for _ in range(20)]
    await asyncio.gather(*(provider.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/a") for payment in payments))
    took = (time.monotonic() - began) * 1000
    assert milliseconds <= took
    assert not milliseconds or took < 10 * milliseconds, "one after another they would take twice as long"


async def first_then_again(provider: PaymentSimulator, amount: int):
    """What the first call came to, what it stands at then, and what the same call comes to when it is made again."""
    payment, worth = uuid4(), Money(amount, "GBP")
    try:
        first = (await provider.carry_out(Step.AUTHORISE, payment, worth, f"{payment}/a")).authorised
    except OutcomeUnknown as why:
        first = str(why)
    between = (await provider.query(payment)).authorised
    return first, between, (await provider.carry_out(Step.AUTHORISE, payment, worth, f"{payment}/a")).authorised


@pytest.mark.server
async def test_amounts_for_trying_out_what_goes_wrong(simulator):
    provider = simulator()
    silent = "the provider did not answer in time"
    for amount, *outcome in (
        (simulated.TIMED_OUT_CHARGED, silent, simulated.TIMED_OUT_CHARGED, simulated.TIMED_OUT_CHARGED),
        (simulated.TIMED_OUT_NOT_CHARGED, silent, 0, simulated.TIMED_OUT_NOT_CHARGED),
        (simulated.ERROR_THEN_FINE, "the provider answered 500", 0, simulated.ERROR_THEN_FINE),
    ):
        assert await first_then_again(provider, amount) == tuple(outcome)
    with pytest.raises(Declined, match="declined"):
        await provider.carry_out(Step.AUTHORISE, uuid4(), Money(simulated.DECLINED, "GBP"), str(uuid4()))


@pytest.mark.server
async def test_the_slow_amount_takes_longer_and_is_done(simulator, monkeypatch):
    monkeypatch.setattr(simulated, "SLOWER", 0.3)
    began = time.monotonic()
    payment = uuid4()
    assert (await simulator().carry_out(Step.AUTHORISE, payment, Money(simulated.SLOW, "GBP"), f"{payment}/a")).authorised == simulated.SLOW
    assert time.monotonic() - began >= 0.3


@pytest.mark.server
@pytest.mark.parametrize("again", [False, True])
async def test_the_late_amount_is_authorised_once_though_the_first_call_is_not_answered(simulator, monkeypatch, again):
    monkeypatch.setattr(simulated, "LATE", 0.3)
    provider, payment, worth = simulator(), uuid4(), Money(simulated.AUTHORISED_LATE, "GBP")
    with pytest.raises(OutcomeUnknown):
        await provider.carry_out(Step.AUTHORISE, payment, worth, f"{payment}/a")
    assert (await provider.query(payment)).authorised == 0

    async def is_authorised():
        return (await (provider.carry_out(Step.AUTHORISE, payment, worth, f"{payment}/a") if again else provider.query(payment))).authorised

    assert await eventually(is_authorised) == worth.amount


@pytest.mark.server
async def test_its_memory_is_the_same_for_all_and_outlives_who_asked(simulator, module_database):
    payment = uuid4()
    with pytest.raises(OutcomeUnknown):
        await simulator().carry_out(Step.AUTHORISE, payment, Money(simulated.TIMED_OUT_CHARGED, "GBP"), f"{payment}/a")
    async with pool(module_database.app_url, name="test", size=1) as elsewhere:
        assert (await PaymentSimulator(elsewhere, Manner()).query(payment)).authorised == simulated.TIMED_OUT_CHARGED


@pytest.mark.server
async def test_without_its_memory_nobody_knows(module_database):
    shut = pool(module_database.app_url, name="test", size=1)
    with pytest.raises(OutcomeUnknown):
        await PaymentSimulator(shut, Manner()).query(uuid4())
