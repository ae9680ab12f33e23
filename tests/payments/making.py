"""Payments as they are after a while, without an order that would let them go on: written to the log as they are."""

from datetime import timedelta
from uuid import UUID

from application.shared.context import SYSTEM, Context
from application.shared.work import UnitOfWork
from domain.payments.backoff import Backoff
from domain.payments.charge import Charge
from domain.payments.payment import Payment, payment_id
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event
from domain.shared.money import Money
from infra.app import System, new_id

PRICE = Money(339, "GBP")
PATIENCE = timedelta(seconds=30)
ONCE = Backoff(retries=1)


async def write(system: System, fresh: Aggregate, *events: Event) -> int:
    """These events of a stream as they are; the position of the last one."""
    work = UnitOfWork(system.log, system.sealing)
    work.stage(fresh, *events)
    return (await system.log.append(work.entry(Context(SYSTEM, new_id()), system.log.now()))).position


async def a_failed_payment(system: System, customer_id: UUID, order_id: UUID | None = None) -> Payment:
    """Tried twice, and given up."""
    order, now = order_id or new_id(), system.log.now()
    fresh = Payment(id=payment_id(order, 1))
    facts = fresh.in_turn(
        lambda one: one.request(order, 1, customer_id, PRICE, now),
        *(
            step
            for _ in (1, 2)
            for step in (
                lambda one: one.start(PATIENCE, now + timedelta(minutes=one.tries.get("authorise", 0))),
                lambda one: one.refused(one.call.key, "no_funds", "The card has not enough funds.", now, ONCE, 0),
            )
        ),
    )
    await write(system, fresh, *facts)
    return fresh.after(*facts)


async def a_captured_payment(system: System, customer_id: UUID, order_id: UUID | None = None) -> Payment:
    """Authorised at once, and captured."""
    order, now = order_id or new_id(), system.log.now()
    fresh = Payment(id=payment_id(order, 1))
    facts = fresh.in_turn(
        lambda one: one.request(order, 1, customer_id, PRICE, now),
        lambda one: one.capture(now),
        lambda one: one.start(PATIENCE, now),
        lambda one: one.learn(Charge(authorised=PRICE.amount, captured=PRICE.amount), now),
    )
    await write(system, fresh, *facts)
    return fresh.after(*facts)


async def a_payment_that_is_asked_for(system: System, *, cancelled: bool = False) -> Payment:
    """The provider is being asked to authorise it, and nobody has heard yet; with `cancelled` nobody wants it any more."""
    order, customer_id, now = new_id(), new_id(), system.log.now()
    fresh = Payment(id=payment_id(order, 1))
    facts = fresh.in_turn(
        lambda one: one.request(order, 1, customer_id, PRICE, now),
        lambda one: one.start(PATIENCE, now),
        *([lambda one: one.cancel(order, 1, customer_id, PRICE, now)] if cancelled else []),
    )
    await write(system, fresh, *facts)
    return fresh.after(*facts)
