"""A provider that tells by itself over the wire: five times, before its answer, out of order, after the order was cancelled."""

import pytest

from domain.payments.payment import payment_id
from tests.eventually import eventually
from tests.http.daybook import daybook
from tests.http.listening import listening
from tests.payments.shopping import buy, changed_their_mind, ends, the_order

pytestmark = [pytest.mark.anyio, pytest.mark.server]
MANNERS = [{"when": "before"}, {"when": "after"}, {"when": "late", "seconds": 0.5}]
ONCE = {"payment.requested", "payment.authorised", "payment.captured", "payment.capture_requested"}


@pytest.fixture(scope="module")
async def system(module_database, servers, provider):
    settings = provider.settings | {"payment_timeout": 15.0, "backoff_delay": 50}
    async with daybook(module_database, servers.empty_redis(), **settings) as api, listening(api) as http:
        provider.hook = f"{http.base_url}/api/v1/payments/webhook"
        yield api.system


async def all_told(provider) -> list[int]:
    """The statuses of all webhooks, once none is on its way."""

    async def is_quiet():
        return (await provider.told())[1] == 0

    await eventually(is_quiet)
    return (await provider.told())[0]


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner["when"])
@pytest.mark.parametrize("answer", ["", "cut"])
async def test_what_is_told_five_times_is_one_fact_whether_or_not_there_is_an_answer_too(system, provider, manner, answer):
    await provider.webhooks(provider.hook, times=5, **manner)
    await provider.behave(*[{"what": answer, "step": step} for step in ("authorise", "capture") if answer])
    orders = [await buy(system, 500) for _ in range(5)]
    for order in orders:
        await ends(system, order.id, "completed")
    assert set(await all_told(provider)) == {204}
    for order in orders:
        payment = payment_id(order.id, 1)
        assert await provider.times(payment) == {"authorise": 1, "capture": 1}
        rows = await system.log.reads("select type from events where stream_id = %b", payment)
        assert sorted(row[0] for row in rows if row[0] in ONCE) == sorted(ONCE)


async def test_what_is_told_after_the_order_was_cancelled_goes_back(system, provider):
    await provider.webhooks(provider.hook, times=5, when="late", seconds=0.5)
    await provider.behave({"what": "late", "done": False, "seconds": 1, "step": "authorise"})
    order = await changed_their_mind(system, provider)
    payment = payment_id(order.id, 1)

    async def goes_back():
        return await provider.times(payment) == {"authorise": 1, "void": 1}

    await eventually(goes_back)
    assert set(await all_told(provider)) == {204}
    assert (await the_order(system, order.id)).status == "cancelled"
