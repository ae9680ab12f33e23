"""What must be true of every log of a shop (I4, I5, I10), as functions of nothing but the log: for simulations and for real processes alike.

`stock_adds_up` holds at every event; the others are for a log in which everything is quiet. Each raises `Wrong`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from domain.orders import events as o
from domain.orders.order import Order
from domain.orders.status import ENDED_BADLY, PAID, UNSETTLED
from domain.payments import events as p
from domain.payments.charge import Charge
from domain.payments.ledger import CLEARING, entry, is_balanced
from domain.payments.payment import Payment
from domain.shared.aggregate import Aggregate
from domain.shared.event import Recorded
from domain.shared.payment_status import PaymentStatus
from infra.reconciliation.discrepancy import Discrepancy
from infra.reconciliation.goods import Goods
from infra.reconciliation.shelves import Shelves

Log = Sequence[Recorded[Any]]
A = TypeVar("A", bound=Aggregate)


class Wrong(AssertionError):
    """What must never be."""


def must(holds: object, told: str) -> None:
    if not holds:
        raise Wrong(told)


def folded(kind: type[A], log: Log, events: type[Any]) -> dict[UUID, A]:
    """Every stream of a kind, as it stands."""
    states: dict[UUID, A] = {}
    for one in log:
        if isinstance(one.event, events):
            states[one.stream_id] = states.get(one.stream_id, kind(id=one.stream_id)).after(one.event)
    return states


def none(wrong: Iterable[Discrepancy]) -> None:
    """Raise the first, if there is one."""
    for one in wrong:
        raise Wrong(f"{one.what}: {one.why}")


def stock_adds_up(log: Log) -> Shelves:
    """I5: never less than nothing is free, nothing is sold that was not held, and what came less what was sold is there."""
    shelves = Shelves()
    shelves.read(log)
    none(shelves.judged())
    return shelves


def goods_follow_orders(log: Log) -> None:
    """I5: held is what live orders want; sold is what was completed, all of it, and nothing else; back on the shelf is what was returned."""
    goods = Goods()
    goods.read(log)
    none(goods.judged(tended=log[-1].position if log else 0))


def nothing_is_held(log: Log) -> None:
    """What is over holds nothing."""
    for product_id, shelf in stock_adds_up(log).of.items():
        must(not shelf.held, f"{shelf.held} of {product_id} is still held")


def orders_are_over(log: Log) -> dict[UUID, Order]:
    """I10: every order is over, confirmed or cancelled but not both, and its last word about the money is one."""
    said: dict[UUID, Counter[Any]] = {}
    for one in log:
        if isinstance(one.event, o.OrderConfirmed | o.OrderCancelled | o.OrderCompleted):
            said.setdefault(one.event.order_id, Counter())[type(one.event), one.event.round] += 1
    orders = folded(Order, log, o.OrderEvent)
    for order in orders.values():
        facts, told = said.get(order.id, Counter()), f"order {order.id} is {order.status}"
        rounds, completed = range(1, order.round + 1), sum(times for (fact, _), times in facts.items() if fact is o.OrderCompleted)
        must(order.is_over, f"{told}: not over")
        must(not any(facts[o.OrderConfirmed, nth] and facts[o.OrderCancelled, nth] for nth in rounds), f"{told}: confirmed and cancelled")
        must(completed == (order.status in PAID), f"{told}, and was completed {completed} times")
        must(not order.refunds, f"{told}: refunds are owed: {order.refunds}")
        must(0 <= order.refunded <= order.total.amount, f"{told}: {order.refunded} of {order.total} went back")
        if order.status in ENDED_BADLY:
            must(order.payment_status not in UNSETTLED, f"{told}, and its payment {order.payment_status}")
        else:
            must(order.payment_status in {PaymentStatus.CAPTURED, PaymentStatus.REFUNDED}, f"{told}, its payment {order.payment_status}")
    return orders


def money_follows_orders(log: Log) -> None:
    """I4: completed is what was captured, once; nobody whose order ended badly is out of money; what was to go back went."""
    orders, payments = orders_are_over(log), folded(Payment, log, p.PaymentEvent)
    captured: Counter[UUID] = Counter()
    for payment in payments.values():
        told, known = f"payment {payment.id} of {payment.order_id} (round {payment.round}, {payment.status})", payment.told
        must(payment.is_quiet, f"{told} is not quiet: {payment.call} {payment.next_step}")
        _amounts_fit(known, payment.amount.amount, told)
        captured[payment.order_id] += known.captured - known.refunded
        must(known.authorised == known.captured + known.voided, f"{told}: {known} is still authorised")
    for order in orders.values():
        due = order.total.amount - order.refunded if order.status in PAID else 0
        must(captured[order.id] == due, f"order {order.id} is {order.status}, {order.refunded} went back; {captured[order.id]} are taken, not {due}")


def _amounts_fit(charge: Charge, worth: int, told: str) -> None:
    must(charge.authorised in {0, worth}, f"{told}: authorised {charge.authorised} of {worth}")
    must(charge.captured <= charge.authorised, f"{told}: more captured than authorised: {charge}")
    must(charge.refunded <= charge.captured, f"{told}: more refunded than captured: {charge}")


def books_balance(log: Log) -> None:
    """I4: every entry balances; the clearing accounts are empty; what the provider owes is what was sold less what went back."""
    sums: Counter[tuple[str, str]] = Counter()
    for one in log:
        postings = entry(one.event)
        must(is_balanced(postings), f"{one.event} is no balanced entry")
        for posting in postings:
            sums[posting.account, posting.currency] += posting.debit - posting.credit
    for account in CLEARING:
        left = {currency: amount for (name, currency), amount in sums.items() if name == account and amount}
        must(not left, f"{account} is not empty: {left}")
    kept: Counter[tuple[str, str]] = Counter()
    for order in folded(Order, log, o.OrderEvent).values():
        if order.status in PAID:
            kept["provider", order.total.currency] += order.total.amount - order.refunded
    for key, amount in kept.items():
        must(sums[key] == amount, f"the provider owes {sums[key]} by the books, {amount} by the orders")


def provider_agrees(log: Log, charges: Mapping[UUID, Charge]) -> None:
    """I4: the provider itself knows of the same amounts, and of no charge that nobody here has."""
    payments = {one: payment for one, payment in folded(Payment, log, p.PaymentEvent).items() if payment.amount.amount}
    for one, charge in charges.items():
        known = payments[one].told if one in payments else Charge()
        ours, theirs = msgspec.structs.replace(known, reference=""), msgspec.structs.replace(charge, reference="")
        must(ours == theirs, f"of payment {one} the provider says {theirs}, Daybook {ours}")
    unheard = [one for one, payment in payments.items() if payment.told.authorised and one not in charges]
    must(not unheard, f"the provider never heard of {unheard}")


def all_is_well(log: Log, charges: Mapping[UUID, Charge] | None = None) -> None:
    """Everything, of a log in which nothing more happens by itself."""
    checks: Iterable[Any] = (stock_adds_up, orders_are_over, goods_follow_orders, nothing_is_held, money_follows_orders, books_balance)
    for check in checks:
        check(log)
    if charges is not None:
        provider_agrees(log, charges)
