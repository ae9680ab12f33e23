"""The adapter that speaks HTTP: whatever the provider does to it, it tells done from not done, and both from what nobody knows."""

import asyncio
import json
from uuid import uuid4

import httpx
import pytest

from application.payments.gateway import Declined, NotDone, OutcomeUnknown
from domain.payments.charge import Charge
from domain.payments.step import Step
from domain.shared.money import Money
from infra.outside.breaker import CLOSED, OPEN, Breaker
from infra.outside.payment_guard import GuardedGateway
from infra.outside.payment_http import HttpGateway
from tests.eventually import eventually
from tests.payments.misbehaving import silences
from tests.payments.provider import KEY, STATUSES

pytestmark = [pytest.mark.anyio, pytest.mark.server]
TEN = Money(1000, "GBP")
PATIENCE = 0.6


@pytest.fixture
async def gateway(provider):
    await provider.quiet()
    made = HttpGateway(provider.url, KEY, PATIENCE)
    yield made
    await made.close()


@pytest.mark.parametrize("trouble", silences(3 * PATIENCE), ids=lambda trouble: f"{trouble['what']}, {'done' if trouble['done'] else 'not done'}")
async def test_what_nobody_knows_can_be_asked_and_made_again_and_is_done_once(provider, gateway, trouble):
    payment = uuid4()
    await provider.behave(trouble)
    with pytest.raises(OutcomeUnknown):
        await gateway.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/authorise")
    assert (await gateway.query(payment)).authorised == (1000 if trouble["done"] else 0)
    assert (await gateway.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/authorise")).authorised == 1000
    assert await provider.times(payment) == {"authorise": 1}


async def test_a_call_that_arrives_after_it_was_made_again_is_not_done_twice(provider, gateway):
    payment = uuid4()
    await provider.behave({"what": "late", "done": False, "seconds": 2 * PATIENCE})
    with pytest.raises(OutcomeUnknown, match="in time"):
        await gateway.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/authorise")
    assert await gateway.query(payment) == Charge()
    assert (await gateway.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/authorise")).authorised == 1000
    await asyncio.sleep(2 * PATIENCE)
    assert await provider.times(payment) == {"authorise": 1}


@pytest.mark.parametrize("what", ["error", "cut", "garbage", "busy", "stranger", "declined"])
async def test_a_question_that_is_not_answered_says_nothing(provider, gateway, what):
    await provider.behave({"what": what, "step": "query"})
    with pytest.raises(OutcomeUnknown):
        await gateway.query(uuid4())


async def test_an_answer_that_comes_twice_is_heard_once_and_disturbs_nobody(provider, gateway):
    payments = [uuid4() for _ in range(5)]
    await provider.behave({"what": "twice", "times": 2})
    for payment in payments:
        assert (await gateway.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/authorise")).reference == f"ch_{payment}"


async def test_declined_is_for_good_and_says_why(provider, gateway):
    payment = uuid4()
    await provider.behave({"what": "declined"})
    for _ in range(2):
        with pytest.raises(Declined, match=r"It was declined\.") as why:
            await gateway.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/authorise")
        assert why.value.code == "declined"


@pytest.mark.parametrize(
    ("what", "answered", "code"), [("failed", True, "failed"), ("busy", False, "provider_refused"), ("stranger", False, "provider_refused")]
)
async def test_what_was_surely_not_done_says_whether_the_provider_looked_at_it(provider, gateway, caplog, what, answered, code):
    payment = uuid4()
    await provider.behave({"what": what})
    with pytest.raises(NotDone) as why:
        await gateway.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/authorise")
    assert (why.value.answered, why.value.code) == (answered, code)
    assert ("It was" in why.value.message) == answered, "what it says of us is not for customers"
    logged = [(one.status, one.why) for one in caplog.records if hasattr(one, "why")]
    assert logged == ([] if answered else [(STATUSES[what], f"{what}: It was {what}.")])
    assert await gateway.query(payment) == Charge()


async def test_a_provider_that_is_not_there_was_surely_not_asked():
    gateway = HttpGateway("http://127.0.0.1:9", KEY, PATIENCE)
    with pytest.raises(NotDone) as why:
        await gateway.carry_out(Step.CAPTURE, uuid4(), TEN, "key")
    assert not why.value.answered
    with pytest.raises(OutcomeUnknown):
        await gateway.query(uuid4())
    await gateway.close()


SAID = [({"currency": "USD"}, "USD"), ({}, ""), ({"currency": "dollars"}, None), ({"captured": 10**12 + 1}, None)]


@pytest.mark.parametrize(("said", "heard"), SAID)
async def test_what_it_says_of_the_currency_is_heard_and_what_cannot_be_meant_is_not(said, heard):
    stands = json.dumps(dict.fromkeys(("authorised", "captured", "voided", "refunded"), 0) | said).encode()
    answers = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(stands)))
    gateway = HttpGateway("http://provider.example", KEY, PATIENCE, answers)
    if heard is None:
        with pytest.raises(OutcomeUnknown, match="cannot be read"):
            await gateway.query(uuid4())
    else:
        assert (await gateway.query(uuid4())).currency == heard
    await gateway.close()


async def test_a_slow_call_holds_no_other_up(provider, gateway):
    await provider.behave({"what": "late", "done": True, "seconds": 3 * PATIENCE})
    slow, quick = uuid4(), uuid4()
    lost = asyncio.create_task(gateway.carry_out(Step.AUTHORISE, slow, TEN, f"{slow}/authorise"))
    await eventually(lambda: provider.asked(slow))
    assert (await gateway.carry_out(Step.AUTHORISE, quick, TEN, f"{quick}/authorise")).authorised == 1000
    assert not lost.done()
    with pytest.raises(OutcomeUnknown):
        await lost


async def test_the_breaker_opens_where_the_provider_is_away_or_broken_and_not_where_it_declines(provider, gateway):
    breaker = Breaker()
    guarded = GuardedGateway(gateway, breaker)
    for what, state in (("declined", CLOSED), ("failed", CLOSED), ("busy", OPEN)):
        await provider.behave({"what": what, "times": 10})
        for _ in range(10):
            payment = uuid4()
            with pytest.raises((Declined, NotDone)):
                await guarded.carry_out(Step.AUTHORISE, payment, TEN, f"{payment}/authorise")
        assert breaker.state == state
    await provider.quiet()
    await guarded.query(uuid4())
    assert breaker.state == CLOSED
