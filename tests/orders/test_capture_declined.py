"""What is authorised cannot be captured: the order ends, and until the hold on the customer's card is gone its money is under way."""

import pytest

from application.orders.order import PayOrder
from application.payments.gateway import Declined, OutcomeUnknown
from domain.orders.errors import PaymentInProgress
from domain.orders.order import Order
from domain.payments.step import Step
from projections.orders.orders import ORDERS
from tests.orders.process import ANN, Shop
from tests.scenario import folded


@pytest.fixture
async def shop() -> Shop:
    return Shop()


async def declined(shop: Shop) -> Order:
    """Rejected, while nobody hears whether the authorisation was let go."""
    order = await shop.buys(ANN, (await shop.product(), 1))
    troubles = {
        Step.CAPTURE: Declined("expired", "The card expired."),
        Step.VOID: OutcomeUnknown("no answer"),
        Step.QUERY: OutcomeUnknown("no answer"),
    }
    shop.gateway.before = lambda step, _: troubles.get(step)
    await shop.goes_on()
    return await shop.order(order.id)


async def test_it_is_rejected_and_not_tried_again_while_the_money_is_still_held(shop):
    order = await declined(shop)
    assert (order.status, order.payment_status) == ("rejected", "authorised")
    with pytest.raises(PaymentInProgress):
        await shop.do(PayOrder(order_id=order.id), ANN)


async def test_it_is_stuck_once_that_takes_too_long(shop):
    order = await declined(shop)
    assert folded(ORDERS, shop.recorded)[order.id].late_at == order.due_at


async def test_once_the_hold_is_gone_its_payment_has_failed_and_it_may_be_tried_again(shop):
    order = await declined(shop)
    shop.gateway.before = lambda *_: None
    await shop.comes_to_rest()
    order = await shop.order(order.id)
    assert (order.status, order.payment_status, folded(ORDERS, shop.recorded)[order.id].late_at) == ("rejected", "failed", None)
    await shop.do(PayOrder(order_id=order.id), ANN)
    await shop.comes_to_rest()
    assert (await shop.order(order.id)).status == "completed"
    assert [(one.authorised, one.captured, one.voided) for one in shop.gateway.charges.values()] == [(500, 0, 500), (500, 500, 0)]
