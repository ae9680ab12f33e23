"""Placing an order: what is bought, by whom, and what cannot be."""

from uuid import UUID

import pytest

from application.orders.order import CancelOrder, PayOrder, RefundOrder, ResumeOrder, ShipOrder
from application.payments.gateway import Declined
from application.shared.command import Command
from application.shared.context import SYSTEM, Caller
from application.shop.product import EditProduct, RemoveProduct
from domain.identity.events import RoleGranted, Sealed, UserRegistered
from domain.identity.role import Role
from domain.orders.errors import PendingOrderExists
from domain.orders.order import LINES, QUANTITY
from domain.shared.conflicts import InsufficientStock
from domain.shared.money import Money
from domain.shared.refused import Forbidden, Hidden, InsufficientRole, Invalid, NotFound
from domain.shop.events import ProductFields
from tests.orders.process import ADMIN, ANN, BOB, NAMES, Shop, buying

SOMETHING = UUID(int=999)
AUDITOR, SERVICE, GUEST = (Caller(UUID(int=10 + nth), role) for nth, role in enumerate(("auditor", "service", "guest")))


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def misfits(shop: Shop, wish: Command, who: Caller = ANN) -> list[tuple[str, str]]:
    refused = await shop.refuses(Invalid, wish, who)
    return [(one["pointer"], one["code"]) for one in refused.facts["errors"]]


async def test_lines_of_the_same_product_are_one_line(shop):
    lamp, rope = await shop.product(), await shop.product(price=99)
    order = await shop.buys(ANN, (lamp, 1), (rope, 2), (lamp, 3))
    assert [(line.product_id, line.quantity) for line in order.lines] == [(lamp, 4), (rope, 2)]
    assert order.total == Money(4 * 500 + 2 * 99, "GBP")


async def test_a_price_that_changes_later_is_not_the_orders(shop):
    lamp = await shop.product(price=500)
    order = await shop.buys(ANN, (lamp, 1))
    await shop.do(EditProduct(product_id=lamp, changes=ProductFields(price=Money(900, "GBP"), name="Beacon")), ADMIN)
    await shop.do(RemoveProduct(product_id=lamp), ADMIN)
    await shop.comes_to_rest()
    kept = await shop.order(order.id)
    assert (kept.status, kept.total, kept.lines[0].name) == ("completed", Money(500, "GBP"), "Lamp 1")


async def test_products_there_are_not_are_named_each_where_it_stands(shop):
    lamp, gone = await shop.product(), await shop.product()
    await shop.do(RemoveProduct(product_id=gone), ADMIN)
    wish = buying((SOMETHING, 1), (lamp, 1), (gone, 2))
    assert await misfits(shop, wish) == [("/products/0/product_id", "unknown_product"), ("/products/2/product_id", "unknown_product")]


async def test_quantities_are_whole_pieces_one_or_more_also_when_merged(shop):
    lamp = await shop.product()
    for quantity in (0, -1, QUANTITY + 1):
        assert await misfits(shop, buying((lamp, quantity))) == [("/products/0/quantity", "out_of_range")]
    assert await misfits(shop, buying((lamp, QUANTITY), (lamp, 1))) == [("/products", "out_of_range")]
    assert await misfits(shop, buying()) == [("/products", "required")]
    assert await misfits(shop, buying(*[(lamp, 1)] * (LINES + 1))) == [("/products", "too_long")]


async def test_an_order_has_one_currency(shop):
    wish = buying((await shop.product(), 1), (await shop.product(currency="EUR"), 1))
    assert await misfits(shop, wish) == [("/products", "mixed_currencies")]


async def test_what_there_is_too_little_of_is_told_line_by_line(shop):
    few, many, none = await shop.product(quantity=2), await shop.product(), await shop.product(quantity=0)
    refused = await shop.refuses(InsufficientStock, buying((few, 3), (many, 3), (none, 1)), ANN)
    assert refused.facts["products"] == [
        {"product_id": str(few), "name": "Lamp 1", "requested": 3, "available": 2},
        {"product_id": str(none), "name": "Lamp 3", "requested": 1, "available": 0},
    ]


async def test_what_others_hold_is_not_there_to_buy(shop):
    lamp = await shop.product(quantity=2)
    await shop.buys(ANN, (lamp, 2))
    await shop.hear_all("shop.reservations")
    await shop.refuses(InsufficientStock, buying((lamp, 1)), BOB)


async def test_who_was_faster_gets_it_and_the_other_order_is_rejected_with_what_is_left(shop):
    lamp = await shop.product(quantity=3)
    first, second = await shop.buys(ANN, (lamp, 2)), await shop.buys(BOB, (lamp, 2))
    await shop.comes_to_rest()
    won, lost = await shop.order(first.id), await shop.order(second.id)
    assert (won.status, lost.status, lost.reason, lost.payment_status) == ("completed", "rejected", "insufficient_stock", "voided")
    assert lost.status_message == "There is not enough of Lamp 1 (1 left)."


async def test_an_administrator_orders_for_a_customer_and_nobody_else_does(shop):
    lamp = await shop.product()
    assert await misfits(shop, buying((lamp, 1), customer_id=SOMETHING), ADMIN) == [("/customer_id", "unknown_user")]
    await shop.happened(BOB.id, UserRegistered(user_id=BOB.id, email=Sealed("x"), name=Sealed("x")), RoleGranted(user_id=BOB.id, role=Role.USER))
    assert (await shop.do(buying((lamp, 1), customer_id=BOB.id), ADMIN)).customer_id == BOB.id
    for who in (ANN, SERVICE):
        await shop.refuses(Forbidden, buying((lamp, 1), customer_id=BOB.id), who)
    await shop.refuses(Forbidden, buying((lamp, 1)), SYSTEM)
    for who in (AUDITOR, GUEST):
        await shop.refuses(InsufficientRole, buying((lamp, 1)), who)


@pytest.mark.parametrize("role", [Role.NODE, Role.GUEST, Role.AUDITOR])
async def test_nobody_orders_for_an_account_that_may_not_order(shop, role):
    lamp, worker = await shop.product(), UUID(int=77)
    await shop.happened(worker, UserRegistered(user_id=worker, email=Sealed("x"), name=Sealed("x")), RoleGranted(user_id=worker, role=role))
    assert await misfits(shop, buying((lamp, 1), customer_id=worker), ADMIN) == [("/customer_id", "no_customer")]


async def test_with_the_setting_somebody_has_one_order_that_is_not_over():
    shop = Shop(order_single_pending=True)
    lamp = await shop.product()
    first = await shop.buys(ANN, (lamp, 1))
    await shop.buys(BOB, (lamp, 1))
    await shop.refuses(PendingOrderExists, buying((lamp, 1)), ANN)
    await shop.do(CancelOrder(order_id=first.id), ANN)
    await shop.buys(ANN, (lamp, 1))
    await shop.comes_to_rest()
    await shop.buys(ANN, (lamp, 1))


async def test_without_it_as_many_as_one_likes(shop):
    lamp = await shop.product()
    assert len({(await shop.buys(ANN, (lamp, 1))).id for _ in range(3)}) == 3


@pytest.mark.parametrize("kind", [CancelOrder, PayOrder], ids=lambda kind: kind.__name__)
async def test_what_is_somebody_elses_is_not_there(shop, kind):
    order = await shop.buys(ANN, (await shop.product(), 1))
    await shop.refuses(Hidden, kind(order_id=order.id), BOB)
    await shop.refuses(NotFound, kind(order_id=SOMETHING), ANN)
    await shop.refuses(NotFound, kind(order_id=order.lines[0].product_id), ADMIN)


async def test_customers_give_themselves_no_money_back_and_send_nothing(shop):
    order = await shop.buys(ANN, (await shop.product(), 1))
    for wish in (RefundOrder(order_id=order.id, reason="x"), ShipOrder(order_id=order.id), ResumeOrder(order_id=order.id)):
        await shop.refuses(InsufficientRole, wish, ANN)


async def test_an_amount_of_another_currency_is_none_of_this_order(shop):
    order = await shop.buys(ANN, (await shop.product(), 1))
    await shop.comes_to_rest()
    wish = RefundOrder(order_id=order.id, reason="x", amount=1, currency="EUR")
    assert await misfits(shop, wish, ADMIN) == [("/amount/currency", "wrong_currency")]


async def test_who_pays_again_at_once_is_not_told_that_their_own_piece_is_missing(shop):
    shop.gateway.before = lambda *_: Declined("card_declined", "Declined.")
    order = await shop.buys(ANN, (await shop.product(quantity=1), 1))
    for name in NAMES:
        await shop.hear_all(name)
    await shop.call(shop.payments[0])
    await shop.hear_all("orders.progress")
    shop.gateway.before = lambda *_: None
    await shop.do(PayOrder(order_id=order.id), ANN)
    await shop.goes_on()
    assert (await shop.order(order.id)).status == "completed"
