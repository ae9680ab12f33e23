"""Whether the books are right: everything about money read from the log once more, and each order and payment held against what must be true.

It may be asked between any two appends. `at` tells where the served sums stand; `tended` up to where orders were told what became of the money.
The log is read in ranges, and only the events of orders and payments. What is kept in memory is the state of some orders at a time: with very
many the log is read more than once.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec

from domain.orders import events as orders
from domain.orders.order import Order
from domain.orders.status import ENDED_BADLY, PAID, UNSETTLED
from domain.payments.events import PaymentEvent
from domain.payments.ledger import CLEARING, Account, entry, is_balanced
from domain.payments.payment import Payment, payment_id
from domain.shared.aggregate import Aggregate
from domain.shared.event import BY_CLASS, Event, Recorded
from domain.shared.payment_status import PaymentStatus
from infra.projection.watch import Watch
from infra.reconciliation.discrepancy import Discrepancy
from infra.serialization.mapper import Unreadable
from projections.payments.ledger import LEDGER, balance, sum_of

KINDS: Final[tuple[type[Event], ...]] = tuple(kind for kind in BY_CLASS if issubclass(kind, (PaymentEvent, orders.OrderEvent)))
State = TypeVar("State", bound=Aggregate)


class Books:
    """The books of some orders, as far as they were read; `sums` only up to `at` (None: all of it)."""

    def __init__(self, at: int | None = None) -> None:
        self.sums: dict[str, int] = {}
        self._at = at
        self._heard: dict[UUID, int] = {}
        self.wrong: list[Discrepancy] = []
        self._orders: dict[UUID, Order] = {}
        self._payments: dict[UUID, Payment] = {}
        self._clearing: dict[UUID, dict[tuple[Account, str], int]] = {}
        self.under_way = 0

    def read(self, events: Iterable[Recorded[Any]]) -> None:
        """Go on with these events, in the order of the log."""
        for recorded in events:
            if isinstance(recorded.event, Unreadable):
                self.wrong.append(Discrepancy(f"position {recorded.position}", f"cannot be read: {recorded.event.error}"))
            else:
                self._post(recorded)
                self._fold(recorded)

    def _post(self, recorded: Recorded[Any]) -> None:
        postings = entry(recorded.event)
        if not is_balanced(postings):
            self.wrong.append(Discrepancy(f"position {recorded.position}", "debits and credits differ"))
        for posting in postings:
            if self._at is None or recorded.position <= self._at:
                name = sum_of(posting)
                self.sums[name] = self.sums.get(name, 0) + posting.debit + posting.credit
            if posting.account in CLEARING:
                stands = self._clearing.setdefault(recorded.event.order_id, {})
                held = posting.account, posting.currency
                stands[held] = stands.get(held, 0) + posting.debit - posting.credit

    def _fold(self, recorded: Recorded[Any]) -> None:
        key = recorded.stream_id
        if isinstance(recorded.event, PaymentEvent):
            self._payments[key] = self._after(self._payments.get(key) or Payment(id=key), recorded)
            self._heard[recorded.event.order_id] = recorded.position
        elif isinstance(recorded.event, orders.OrderEvent):
            self._orders[key] = self._after(self._orders.get(key) or Order(id=key), recorded)
            self._heard[key] = recorded.position

    def _after(self, state: State, recorded: Recorded[Any]) -> State:
        """The state after one more event; streams run 1, 2, 3 without a gap (I7)."""
        if recorded.version != state.version + 1:
            self.wrong.append(Discrepancy(f"stream {recorded.stream_id}", f"after version {state.version} comes version {recorded.version}"))
        return state.after(recorded.event).but(version=recorded.version)

    @property
    def counts(self) -> tuple[int, int]:
        """Orders and payments."""
        return len(self._orders), len(self._payments)

    def judged(self, tended: int, watch: Watch | None = None) -> list[Discrepancy]:
        """Everything that is wrong, now that all was read. Raises `Stopped`."""
        of_order: dict[UUID, list[Payment]] = {}
        for payment in self._payments.values():
            of_order.setdefault(payment.order_id, []).append(payment)
            self.wrong += (Discrepancy(f"payment {payment.id}", why) for why in _of_payment(payment))
        found = {*self._orders, *of_order}
        for order_id in (watch or Watch()).over(found, "judging", len(found)):
            self._judge(order_id, of_order.get(order_id, []), is_tended=self._heard[order_id] <= tended)
        return self.wrong

    def _judge(self, order_id: UUID, payments: list[Payment], *, is_tended: bool) -> None:
        order = self._orders.get(order_id)
        if order is None:
            found, is_quiet = ["there are payments for it, but there is no such order"], True
        else:
            is_told = is_tended or _kept(payments) >= _owed(order)  # What the provider gave back by itself the order hears a moment later.
            is_quiet = is_told and _is_quiet(order, payments)
            found = list(_of_order(order, payments, is_quiet=is_quiet))
            found += _foreign(order, {currency for _, currency in self._clearing.get(order_id, {})})
        left = {held: amount for held, amount in self._clearing.get(order_id, {}).items() if amount}
        if not is_quiet:
            self.under_way += 1
        elif left:
            told = ", ".join(f"{amount} {currency} on {account}" for (account, currency), amount in sorted(left.items()))
            found.append(f"it is over, but the books still hold {told}")
        self.wrong += (Discrepancy(f"order {order_id}", why) for why in found)


def _foreign(order: Order, currencies: set[str]) -> Iterator[str]:
    for currency in sorted(currencies - {order.total.currency}):
        yield f"money of {currency} was moved for it, its total is {order.total}"


def _of_payment(payment: Payment) -> Iterator[str]:
    told, worth = payment.told, payment.amount.amount
    if told.authorised not in {0, worth} or told.voided not in {0, worth}:
        yield f"{told.authorised} authorised and {told.voided} voided of {worth} asked for"
    if told.captured not in {0, told.authorised}:
        yield f"{told.captured} captured of {told.authorised} authorised"
    if told.refunded > told.captured:
        yield f"{told.refunded} refunded of {told.captured} captured"
    if told.voided and told.captured:
        yield f"{told.voided} voided although {told.captured} was captured"


def _is_quiet(order: Order, payments: list[Payment]) -> bool:
    """Whether nothing more happens by itself. An order that ended badly is not quiet before it was told what became of the money."""
    settled = order.status not in ENDED_BADLY or not payments or order.payment_status not in UNSETTLED
    return order.is_over and settled and not order.refunds and all(payment.is_quiet for payment in payments)


def _kept(payments: list[Payment]) -> int:
    return sum(payment.told.captured - payment.told.refunded for payment in payments)


def _owed(order: Order) -> int:
    return order.total.amount - order.refunded if order.status in PAID else 0


def _of_order(order: Order, payments: list[Payment], *, is_quiet: bool) -> Iterator[str]:
    total = order.total.amount
    if total != sum(line.subtotal.amount for line in order.lines):
        yield f"its total is {total}, its lines come to something else"
    for payment in payments:
        if payment.amount.amount and payment.amount != order.total:
            yield f"its payment {payment.id} is about {payment.amount}, its total is {order.total}"
    if order.status in PAID:
        paid = next((payment for payment in payments if payment.id == payment_id(order.id, order.round)), None)
        if paid is None or paid.status not in {PaymentStatus.CAPTURED, PaymentStatus.REFUNDED} or paid.told.captured != total:
            yield f"it is {order.status}, but not paid"
    kept, owed = _kept(payments), _owed(order)
    if is_quiet and kept != owed:
        yield f"it is {order.status}: {kept} was kept where {owed} is right"


def differences(sums: dict[str, int], served: dict[str, int]) -> list[Discrepancy]:
    """Sums of accounts that are served otherwise than the log says; and currencies whose sides are not equal."""
    both = ((name, served.get(name, 0), sums.get(name, 0)) for name in sorted({*sums, *served}))
    wrong = [Discrepancy(name, f"{shown} is served, {right} by the log") for name, shown, right in both if shown != right]
    unequal = (one for one in balance(sums, 0).currencies if not one.balanced)
    return wrong + [Discrepancy(one.currency, f"debits less credits are {one.debit - one.credit}") for one in unequal]


LISTENER: Final = msgspec.structs.replace(LEDGER, listens=KINDS)
"""What is read of the log."""
