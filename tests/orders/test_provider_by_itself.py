"""A provider that moves money nobody asked it to move: no order waits for ever for that, and the books come out even."""

import pytest
from msgspec.structs import replace

from application.orders.order import PayOrder, RefundOrder
from application.payments.call import LearnCharge
from application.payments.gateway import Declined, OutcomeUnknown
from application.shared.context import SYSTEM
from domain.orders.errors import PaymentInProgress
from domain.orders.order import Order
from domain.payments.charge import Charge
from domain.payments.ledger import CLEARING, entry
from domain.payments.step import Step
from projections.orders.orders import ORDERS
from tests.orders.process import ADMIN, ANN, Shop
from tests.scenario import folded

WORTH = 500


def away(*_):
    return OutcomeUnknown("no answer")


def works(*_):
    return None


async def as_far_as_capture(shop: Shop) -> None:
    """The money is to be taken, and nobody hears whether it was."""
    shop.gateway.before = lambda step, _: None if step is Step.AUTHORISE else away()
    await shop.goes_on()


async def tells(shop: Shop, order: Order, **charge: int) -> None:
    """The provider moved so much, and says so."""
    payment = await shop.payment(order)
    now = replace(shop.gateway.charges.get(payment.id, Charge()), **charge)
    shop.gateway.charges[payment.id] = now
    await shop.do(LearnCharge(payment_id=payment.id, charge=now), SYSTEM)


def under_way(shop: Shop) -> set[int]:
    """What stands on accounts that are to be empty in the end."""
    postings = [posting for one in shop.recorded for posting in entry(one.event)]
    return {sum(one.debit - one.credit for one in postings if one.account is account) for account in CLEARING}


@pytest.mark.parametrize("wishes", [[None], [200, None], [WORTH]])
@pytest.mark.parametrize("back", [1, 200, WORTH])
async def test_after_a_chargeback_a_refund_gives_back_only_what_is_left(back, wishes):
    shop = Shop()
    order = await shop.buys(ANN, (await shop.product(price=WORTH), 1))
    await shop.goes_on()
    await tells(shop, order, refunded=back)
    for amount in wishes:
        await shop.do(RefundOrder(order_id=order.id, reason="broken", amount=amount), ADMIN)
    await shop.comes_to_rest()
    order, payment = await shop.order(order.id), await shop.payment(order)
    assert (order.status, order.refunds, payment.refunds, payment.is_quiet) == ("refunded", {}, {}, True)
    assert shop.gateway.charges[payment.id].refunded == WORTH
    assert under_way(shop) == {0}


@pytest.mark.parametrize("kept", [0, 1])
async def test_what_is_taken_and_given_back_at_once_is_not_sold(kept):
    shop = Shop()
    lamp = await shop.product(price=WORTH, quantity=1)
    order = await shop.buys(ANN, (lamp, 1))
    await as_far_as_capture(shop)
    await tells(shop, order, captured=WORTH, refunded=WORTH - kept)
    shop.gateway.before = works
    await shop.comes_to_rest()
    order, stock = await shop.order(order.id), await shop.stock(lamp)
    assert (order.status, order.payment_status) == (("completed", "captured") if kept else ("rejected", "failed"))
    assert (stock.on_hand, stock.reserved) == (1 - kept, 0)


async def test_what_was_given_back_before_anybody_heard_that_it_was_taken_keeps_no_order_waiting():
    shop = Shop()
    order = await shop.buys(ANN, (await shop.product(price=WORTH), 1))
    await as_far_as_capture(shop)
    await tells(shop, order, captured=WORTH)
    await tells(shop, order, refunded=WORTH)
    shop.gateway.before = works
    await shop.comes_to_rest()
    assert (await shop.order(order.id)).status == "refunded"
    assert under_way(shop) == {0}


@pytest.mark.parametrize("back", [[1], [200], [1, 200], [WORTH - 1]])
async def test_what_the_provider_gave_back_of_it_is_a_refund_nobody_is_asked_for(back):
    shop = Shop()
    lamp = await shop.product(price=WORTH, quantity=1)
    order = await shop.buys(ANN, (lamp, 1))
    await shop.comes_to_rest()
    shop.gateway.before = lambda step, _: pytest.fail(f"asked to {step}")
    for amount in back:
        await tells(shop, order, refunded=amount)
        await shop.comes_to_rest()
    order = await shop.order(order.id)
    assert (order.status, order.payment_status, order.refunded, order.refunds, order.returned) == ("completed", "captured", back[-1], {}, {})
    assert ((await shop.stock(lamp)).on_hand, under_way(shop)) == (0, {0})


@pytest.mark.parametrize(("back", "wished"), [(200, 200), (200, 100), (100, 200), (200, WORTH)])
async def test_what_is_wished_at_the_same_moment_is_given_back_as_far_as_it_was_not_by_itself(back, wished):
    shop = Shop()
    order = await shop.buys(ANN, (await shop.product(price=WORTH), 1))
    await shop.comes_to_rest()
    await tells(shop, order, refunded=back)
    await shop.do(RefundOrder(order_id=order.id, reason="broken", amount=wished), ADMIN)
    await shop.comes_to_rest()
    order, payment = await shop.order(order.id), await shop.payment(order)
    given_back = back if wished <= back else min(back + wished, WORTH)
    assert (order.refunded, shop.gateway.charges[payment.id].refunded) == (given_back, given_back)
    assert (order.refunds, payment.refunds, under_way(shop)) == ({}, {}, {0})


@pytest.mark.parametrize("back", [1, WORTH])
async def test_what_was_given_back_before_the_goods_were_sold_is_a_refund_as_well(back):
    shop = Shop()
    order = await shop.buys(ANN, (await shop.product(price=WORTH), 1))
    await as_far_as_capture(shop)
    await tells(shop, order, captured=WORTH)
    await tells(shop, order, refunded=back)
    await shop.hear_all("orders.progress")
    shop.gateway.before = works
    await shop.comes_to_rest()
    order = await shop.order(order.id)
    assert (order.status, order.refunded) == ("refunded" if back == WORTH else "completed", back)
    assert under_way(shop) == {0}


async def test_an_order_that_was_over_and_is_paid_late_is_stuck_until_the_money_went_back():
    shop = Shop()
    order = await shop.buys(ANN, (await shop.product(price=WORTH), 1))
    shop.gateway.before = lambda *_: Declined("declined", "No.")
    await shop.goes_on()
    shop.gateway.before = away
    await tells(shop, order, authorised=WORTH, captured=WORTH)
    await shop.goes_on()
    late, row = await shop.order(order.id), folded(ORDERS, shop.recorded)[order.id]
    assert (late.status, late.payment_status, row.late_at) == ("rejected", "captured", order.due_at)
    with pytest.raises(PaymentInProgress):
        await shop.do(PayOrder(order_id=order.id), ANN)
    shop.gateway.before = works
    await shop.comes_to_rest()
    over, row = await shop.order(order.id), folded(ORDERS, shop.recorded)[order.id]
    assert (over.status, over.payment_status, row.late_at, under_way(shop)) == ("rejected", "refunded", None, {0})


async def test_after_the_provider_gave_all_back_the_order_says_so_and_nobody_asks_for_it_again():
    shop = Shop()
    lamp = await shop.product(price=WORTH, quantity=1)
    order = await shop.buys(ANN, (lamp, 1))
    await shop.comes_to_rest()
    shop.gateway.before = lambda step, _: pytest.fail(f"asked to {step}")
    for back in (1, WORTH):
        await tells(shop, order, refunded=back)
        await shop.comes_to_rest()
    order = await shop.order(order.id)
    assert (order.status, order.payment_status, order.refunded, order.returned) == ("refunded", "refunded", WORTH, {})
    assert ((await shop.stock(lamp)).on_hand, under_way(shop)) == (0, {0})


@pytest.mark.parametrize("heard", [0, 1])
async def test_what_is_taken_at_once_is_sold_and_not_given_back(heard):
    """`heard`: the goods are held for good by then, and the order does not know yet."""
    shop = Shop()
    lamp = await shop.product(price=WORTH, quantity=1)
    order = await shop.buys(ANN, (lamp, 1))
    shop.gateway.before = away
    await shop.goes_on()
    if heard:
        await tells(shop, order, authorised=WORTH)
        await shop.hear_all("shop.reservations")
    await tells(shop, order, authorised=WORTH, captured=WORTH)
    await shop.hear_all("shop.reservations")
    shop.gateway.before = works
    await shop.comes_to_rest()
    order, stock = await shop.order(order.id), await shop.stock(lamp)
    assert (order.status, order.payment_status, stock.on_hand, stock.reserved) == ("completed", "captured", 0, 0)
    assert under_way(shop) == {0}
