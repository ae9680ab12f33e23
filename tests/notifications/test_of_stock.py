"""Every administrator is told once each time few are left of a product, and nobody else."""

from typing import Any
from uuid import UUID

import pytest

from application.identity.role import GrantRole
from application.shared.command import Command
from application.shared.context import Caller
from application.shop.product import AddProduct, RemoveProduct
from application.shop.stock import AdjustStock, ReceiveStock
from domain.identity.role import Role
from domain.notifications.events import NotificationCreated
from domain.notifications.kind import Kind
from domain.shared.money import Money
from domain.shop.events import ProductFields, StockRanLow
from domain.shop.stock import stock_id
from tests.identity.small_daybook import NOON
from tests.notifications.world import Post

KEEPER = Caller(UUID(int=1), "admin")
LAMP = AddProduct(fields=ProductFields(name="Lamp", description="", price=Money(500, "GBP")), quantity=10, low_stock_level=3)


async def do(post: Post, command: Command) -> Any:
    """Carry it out, and what follows."""
    since = len(post.log.recorded)
    result = await post.ask(command, KEEPER)
    await post.react(since)
    return result


def low(post: Post) -> list[NotificationCreated]:
    """What was told about stock."""
    return [one for one in post.told() if one.change == "stock_low"]


@pytest.fixture
async def admins(post) -> list[UUID]:
    """Two, beside somebody who is none."""
    post.settings.shop_currency, post.settings.low_stock_level = "GBP", 0
    ada, bob, _ = await post.people("ada", "bob", "eve")
    for user_id in (ada, bob):
        await do(post, GrantRole(user_id=user_id, role=Role.ADMIN))
    return [ada, bob]


async def test_administrators_are_told_that_few_are_left_once_each_time_that_happens(post, admins):
    lamp = await do(post, LAMP)
    await do(post, AdjustStock(product_id=lamp.id, delta=-6, reason="broken"))
    assert low(post) == []
    await do(post, AdjustStock(product_id=lamp.id, delta=-1, reason="broken"))
    assert {one.user_id for one in low(post)} == set(admins)
    (told, _) = low(post)
    assert (told.kind, told.title) == (Kind.SYSTEM, "Few are left: Lamp")
    assert told.facts == {"product_id": str(lamp.id), "available": 3, "level": 3}
    await do(post, AdjustStock(product_id=lamp.id, delta=-2, reason="broken"))
    assert len(low(post)) == 2
    await do(post, ReceiveStock(product_id=lamp.id, quantity=5))
    await do(post, AdjustStock(product_id=lamp.id, delta=-3, reason="broken"))
    assert len(low(post)) == 4


async def test_the_same_event_delivered_twice_is_told_once(post, admins):
    lamp = await do(post, LAMP)
    since = len(post.log.recorded)
    await post.ask(AdjustStock(product_id=lamp.id, delta=-8, reason="broken"), KEEPER)
    await post.react(since)
    await post.react(since)
    assert len(low(post)) == len(admins)


@pytest.mark.usefixtures("admins")
async def test_nobody_is_told_about_what_is_not_sold_any_more(post):
    lamp = await do(post, LAMP)
    await do(post, RemoveProduct(product_id=lamp.id))
    await post.done(stock_id(lamp.id), StockRanLow(product_id=lamp.id, at=NOON, available=1, level=3))
    assert low(post) == []
