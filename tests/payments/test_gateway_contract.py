"""What every payment provider keeps to: one contract for the twin in memory, the simulator and the adapter that speaks HTTP."""

import asyncio
from uuid import uuid4

import pytest

from application.payments.gateway import Declined
from domain.payments.charge import Charge
from domain.payments.step import Step
from domain.shared.money import Money
from infra.memory.gateway import MemoryGateway
from infra.outside.payment_http import HttpGateway
from infra.outside.payment_simulator import Manner, PaymentSimulator
from infra.postgres.connections import pool
from infra.postgres.migrate import migrate
from tests.payments.provider import KEY

pytestmark = pytest.mark.anyio
TEN = Money(1000, "GBP")


@pytest.fixture
async def memory():
    return MemoryGateway()


@pytest.fixture
async def simulator(module_database):
    migrate(module_database.owner_url)
    async with pool(module_database.app_url, name="test", size=8) as remembered:
        yield PaymentSimulator(remembered, Manner())


@pytest.fixture
async def http(provider):
    gateway = HttpGateway(provider.url, KEY, 10)
    yield gateway
    await gateway.close()


@pytest.fixture(params=["memory", pytest.param("simulator", marks=pytest.mark.server), pytest.param("http", marks=pytest.mark.server)])
def gateway(request):
    return request.getfixturevalue(request.param)


def stands(charge):
    return charge.authorised, charge.captured, charge.voided, charge.refunded


async def captured(gateway, amount=TEN):
    payment = uuid4()
    await gateway.carry_out(Step.AUTHORISE, payment, amount, f"{payment}/authorise")
    await gateway.carry_out(Step.CAPTURE, payment, amount, f"{payment}/capture")
    return payment


async def test_what_was_never_heard_of_is_all_nothing(gateway):
    assert await gateway.query(uuid4()) == Charge()


async def test_each_step_answers_how_the_payment_stands_then(gateway):
    payment = uuid4()
    assert stands(await gateway.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/a")) == (1000, 0, 0, 0)
    assert stands(await gateway.carry_out(Step.CAPTURE, payment, TEN, f"{payment}/c")) == (1000, 1000, 0, 0)
    assert stands(await gateway.carry_out(Step.REFUND, payment, TEN.of(400), f"{payment}/r")) == (1000, 1000, 0, 400)
    assert stands(await gateway.query(payment)) == (1000, 1000, 0, 400)


async def test_the_provider_names_what_it_authorised(gateway):
    payment = uuid4()
    authorised = await gateway.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/a")
    assert authorised.reference
    assert (await gateway.query(payment)).reference == authorised.reference


@pytest.mark.parametrize("step", [Step.AUTHORISE, Step.CAPTURE, Step.REFUND, Step.VOID])
async def test_the_same_key_is_done_once(gateway, step):
    payment = uuid4() if step is Step.AUTHORISE else await captured(gateway)
    if step is Step.VOID:
        payment = uuid4()
        await gateway.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/authorise")
    worth = TEN.of(300) if step is Step.REFUND else TEN
    first = await gateway.carry_out(step, payment, worth, f"{payment}/{step}")
    again = await gateway.carry_out(step, payment, worth, f"{payment}/{step}")
    assert again == first == await gateway.query(payment)


@pytest.mark.parametrize("step", [Step.AUTHORISE, Step.REFUND])
async def test_the_same_key_is_done_once_however_many_call_at_the_same_moment(gateway, step):
    payment = uuid4() if step is Step.AUTHORISE else await captured(gateway)
    worth = TEN if step is Step.AUTHORISE else TEN.of(100)
    told = await asyncio.gather(*(gateway.carry_out(step, payment, worth, f"{payment}/{step}") for _ in range(20)))
    assert {stands(charge) for charge in told} == {(1000, 0, 0, 0) if step is Step.AUTHORISE else (1000, 1000, 0, 100)}


async def test_refunds_under_keys_of_their_own_add_up_and_end_with_what_was_captured(gateway):
    payment = await captured(gateway)
    refunds = (gateway.carry_out(Step.REFUND, payment, TEN.of(300), f"{payment}/refund/{number}") for number in range(5))
    told = await asyncio.gather(*refunds, return_exceptions=True)
    assert sum(isinstance(one, Declined) for one in told) == 2
    assert stands(await gateway.query(payment)) == (1000, 1000, 0, 900)


@pytest.mark.parametrize("step", [Step.CAPTURE, Step.VOID, Step.REFUND])
async def test_nothing_is_taken_or_given_back_without_an_authorisation(gateway, step):
    payment = uuid4()
    for _ in range(2):
        with pytest.raises(Declined) as why:
            await gateway.carry_out(step, payment, TEN, f"{payment}/{step}")
        assert why.value.code == "not_possible"
    assert await gateway.query(payment) == Charge()


async def test_what_is_void_is_not_captured(gateway):
    payment = uuid4()
    await gateway.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/a")
    assert stands(await gateway.carry_out(Step.VOID, payment, TEN, f"{payment}/v")) == (1000, 0, 1000, 0)
    with pytest.raises(Declined):
        await gateway.carry_out(Step.CAPTURE, payment, TEN, f"{payment}/c")
    assert stands(await gateway.query(payment)) == (1000, 0, 1000, 0)


async def test_what_is_captured_is_not_void(gateway):
    payment = await captured(gateway)
    with pytest.raises(Declined):
        await gateway.carry_out(Step.VOID, payment, TEN, f"{payment}/v")
    assert stands(await gateway.query(payment)) == (1000, 1000, 0, 0)


async def test_of_capture_and_void_at_the_same_moment_one_is_done(gateway):
    payment = uuid4()
    await gateway.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/a")
    both = (gateway.carry_out(step, payment, TEN, f"{payment}/{step}") for step in (Step.CAPTURE, Step.VOID))
    await asyncio.gather(*both, return_exceptions=True)
    charge = await gateway.query(payment)
    assert sorted((charge.captured, charge.voided)) == [0, 1000]
