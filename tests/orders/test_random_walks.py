"""Orders through all that may happen, late, twice and out of order, with a provider in trouble: at rest goods and money come out even."""

import random
from collections import Counter
from contextlib import suppress
from uuid import UUID

import pytest
from msgspec import Struct

from application.orders.order import CancelOrder, DeliverOrder, PayOrder, RefundOrder, ResumeOrder, ShipOrder
from application.payments.gateway import Declined, NotDone, OutcomeUnknown
from application.shared.command import Command
from application.shared.context import SYSTEM
from domain.orders.order import Order
from domain.orders.status import PAID, UNSETTLED, OrderStatus
from domain.payments.charge import Charge
from domain.payments.errors import CallNotDue
from domain.payments.ledger import entry
from domain.payments.payment import Payment, payment_id
from domain.shared.refused import Refused
from domain.shop.errors import ReservationNotDue
from projections.orders.orders import ORDERS
from tests.orders.never import never
from tests.orders.process import ADMIN, ANN, BOB, NAMES, Shop
from tests.scenario import folded

PIECES, STEPS, WALKS = 8, 160, 10
SILENT = (None, None, None, OutcomeUnknown("no answer"))
UNWILLING = (*SILENT, NotDone("busy", "Not now."))
TROUBLES = {
    "authorise": (*UNWILLING, Declined("card_declined", "Declined.")),
    "capture": (*UNWILLING, Declined("lapsed", "Too late.")),
    "query": SILENT,
}


class Walk(Struct):
    """One walk: a shop, dice, what is sold and what was ordered."""

    shop: Shop
    dice: random.Random
    lamps: list[UUID]
    orders: list[UUID]

    async def step(self) -> None:
        """Something happens."""
        shop, dice = self.shop, self.dice
        match dice.choice(["buy", "time", "rest", *["again"] * 6, *["wish"] * 6, *["hear"] * 12, *["call"] * 5]):
            case "buy":
                wanted = [(lamp, dice.randint(1, 3)) for lamp in dice.sample(self.lamps, dice.randint(1, len(self.lamps)))]
                self.orders.append((await shop.buys(dice.choice([ANN, BOB]), *wanted)).id)
            case "wish" if self.orders:
                await shop.do(await self.wish(dice.choice(self.orders)), ADMIN)
            case "hear":
                await shop.hear(dice.choice(NAMES))
            case "again":
                await shop.hear_again(dice.choice(NAMES), dice.randint(0, 20))
            case "call" if shop.payments:
                await shop.call(dice.choice(shop.payments), told=dice.random() < 0.9)
            case "rest":
                await shop.goes_on()
            case "time":
                shop.later(seconds=dice.choice([1, 40, 400]))
                for command in shop.due():
                    with suppress(ReservationNotDue, CallNotDue):
                        await shop.do(command, SYSTEM)

    async def wish(self, order_id: UUID) -> Command:
        """Something that is likely to be wished of an order as it stands, and not always possible."""
        dice, status = self.dice, (await self.shop.order(order_id)).status
        if status is OrderStatus.REJECTED:
            return dice.choice([PayOrder(order_id=order_id), ResumeOrder(order_id=order_id)])
        if status is not OrderStatus.COMPLETED or dice.random() < 0.3:
            return dice.choice([kind(order_id=order_id) for kind in (CancelOrder, ResumeOrder, ResumeOrder, ShipOrder, DeliverOrder)])
        amount, pieces = dice.choice([(None, None), *[(dice.randint(1, 300), None)] * 3, (None, {dice.choice(self.lamps): 1})])
        return RefundOrder(order_id=order_id, reason="broken", amount=amount, products=pieces, restock=dice.random() < 0.5)


async def walked(seed: int) -> Walk:
    """A walk, come to rest; the provider behaves at last."""
    dice, shop = random.Random(seed), Shop()  # noqa: S311 — dice, no secret.
    walk = Walk(shop, dice, [await shop.product(quantity=PIECES, price=price) for price in (500, 250, 0)], [])
    shop.gateway.before = lambda step, _: dice.choice(TROUBLES.get(step, UNWILLING))
    shop.gateway.after = lambda *_: OutcomeUnknown("hung up") if dice.random() < 0.15 else None
    for _ in range(STEPS):
        with suppress(Refused):
            await walk.step()
    shop.gateway.before = shop.gateway.after = lambda *_: None
    await shop.comes_to_rest()
    return walk


@pytest.mark.parametrize("part", range(4))
async def test_however_orders_go_goods_and_money_come_out_even(part):
    ends = set[str]()
    for seed in range(part * WALKS, (part + 1) * WALKS):
        walk = await walked(seed)
        sold, rows = Counter[UUID](), folded(ORDERS, walk.shop.recorded)
        for order_id in walk.orders:
            order = await walk.shop.order(order_id)
            never(order, walk.shop.events(order_id))
            await is_settled(walk.shop, order)
            assert rows[order_id].late_at is None
            if order.status in PAID:
                sold.update({line.product_id: line.quantity - order.returned.get(line.product_id, 0) for line in order.lines})
            ends.add(order.status.value)
        for lamp in walk.lamps:
            stock = await walk.shop.stock(lamp)
            assert (stock.reserved, stock.holds, stock.on_hand) == (0, {}, PIECES - sold[lamp])
        postings = [posting for recorded in walk.shop.recorded for posting in entry(recorded.event)]
        assert sum(one.debit for one in postings) == sum(one.credit for one in postings)
    assert ends >= {"completed", "rejected", "cancelled", "refunded"}


async def is_settled(shop: Shop, order: Order) -> None:
    """It is over, nobody asks the provider anything more, and it holds of the customer's money what the order says, of no try anything else."""
    assert order.is_over
    assert order.refunds == {}, "a refund that never ended"
    assert order.status in PAID or order.payment_status not in UNSETTLED
    for turn in range(1, order.round + 1):
        payment, _ = await shop.log.load(Payment, payment_id(order.id, turn))
        assert payment.is_quiet, payment
        charge = shop.gateway.charges.get(payment.id, Charge())
        is_sold = turn == order.round and order.status in PAID
        assert charge.captured - charge.refunded == (order.total.amount - order.refunded if is_sold else 0), (turn, charge)
        assert charge.authorised == charge.captured + charge.voided, (turn, charge)
