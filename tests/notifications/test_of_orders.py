"""Customers are told how their orders end, and where goods and money are; never what they did themselves."""

from uuid import UUID

import pytest

from domain.identity.events import UserErased
from domain.notifications.choices import Channels, Choices
from domain.notifications.events import PreferencesChanged
from domain.notifications.kind import Kind
from domain.notifications.preferences import preferences_id
from domain.orders import events as e
from domain.orders.events import Line
from domain.orders.status import RejectionReason
from domain.shared.money import Money
from tests.identity.small_daybook import NOON

ORDER, REFUND = UUID(int=900), UUID(int=901)
PRICE = Money(500, "GBP")
OF = {"order_id": ORDER, "at": NOON}
LINES = (Line(UUID(int=902), "Lamp", PRICE, 2), Line(UUID(int=903), "Vase", PRICE, 1))
SHOWN = {"amount": 500, "currency": "GBP"}
NEWS = [
    (e.OrderCompleted(**OF, round=1, total=PRICE), "completed", {"total": SHOWN}),
    (
        e.OrderRejected(**OF, round=1, reason=RejectionReason.PAYMENT_FAILED, message="Declined."),
        "rejected",
        {"reason": "payment_failed", "message": "Declined."},
    ),
    (e.OrderCancelled(**OF, round=1, reason="Out of stock"), "cancelled", {"message": "Out of stock"}),
    (e.OrderRefunded(**OF, refund_id=REFUND, amount=PRICE, all=False), "refunded", {"amount": SHOWN, "all": False}),
    (e.OrderShipped(**OF, carrier="Post", tracking="7"), "shipped", {"carrier": "Post", "tracking": "7"}),
    (e.OrderDelivered(**OF), "delivered", {}),
]


async def placed(post, customer: UUID, lines: tuple[Line, ...] = LINES) -> None:
    await post.done(ORDER, e.OrderPlaced(**OF, customer_id=customer, lines=lines, total=PRICE, due_at=NOON), by=customer)


@pytest.mark.parametrize(("event", "change", "facts"), NEWS, ids=[change for _, change, _ in NEWS])
async def test_what_becomes_of_an_order_is_told_to_its_customer_once_and_not_by_mail(post, event, change, facts):
    ada, _ = await post.people("ada", "bob")
    await placed(post, ada)
    sent, since = len(post.mail.sent), len(post.log.recorded)
    await post.done(ORDER, event)
    await post.react(since)
    (told,) = post.told()
    assert (told.user_id, told.kind, told.title, told.change) == (ada, Kind.ORDER_UPDATED, "2 × Lamp and 1 more", change)
    assert told.facts == {"order_id": str(ORDER), **facts}
    assert len(post.mail.sent) == sent


async def test_what_somebody_did_themselves_is_not_told_to_them_and_what_an_administrator_did_is(post):
    ada, root = await post.people("ada", "root")
    await placed(post, ada, LINES[:1])
    await post.done(ORDER, e.OrderCancelled(**OF, round=1), by=ada)
    assert post.told() == []
    await post.done(ORDER, e.OrderCancelled(**OF, round=1), by=root)
    assert [(one.user_id, one.title) for one in post.told()] == [(ada, "2 × Lamp")]


async def test_steps_on_the_way_are_not_told(post):
    (ada,) = await post.people("ada")
    await placed(post, ada)
    await post.done(ORDER, e.OrderReserved(**OF, round=1, until=NOON), e.OrderConfirmed(**OF, round=1), e.OrderResumed(**OF, round=1))
    assert post.told() == []


async def test_who_wants_mail_of_orders_gets_it_with_where_the_order_is(post):
    (ada,) = await post.people("ada")
    wish = PreferencesChanged(user_id=ada, choices=Choices(channels={Kind.ORDER_UPDATED: Channels(mail=True)}))
    await post.fact(preferences_id(ada), wish, by=ada)
    await placed(post, ada)
    await post.done(ORDER, e.OrderShipped(**OF))
    letter = post.mail.sent[-1]
    assert (letter.to, letter.subject) == ("ada@example.org", "Your order: 2 × Lamp and 1 more")
    assert f"https://daybook.example/api/v1/orders/{ORDER}" in letter.text
    assert "(shipped)" in letter.text


async def test_an_erased_customer_is_told_nothing_and_the_order_goes_on(post):
    (ada,) = await post.people("ada")
    await placed(post, ada)
    await post.fact(ada, UserErased(user_id=ada, erased_at=NOON))
    await post.done(ORDER, e.OrderCompleted(**OF, round=1, total=PRICE))
    assert post.told(ada) == []
