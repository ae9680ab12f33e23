"""An order: it decides what comes next, the stock and the payment say how that went.

pending → reserved → confirmed → completed (→ refunded); pending and reserved may be cancelled; until it is completed it may be rejected.
Confirmed means that the money is authorised and the goods are secured; from there on nobody cancels it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.orders import events as e
from domain.orders.errors import AlreadyPaid, PaymentInProgress
from domain.orders.events import Line
from domain.orders.refund import Refund
from domain.orders.state import OrderState
from domain.orders.status import CANCELLABLE, PAID, RETRIABLE, UNDER_WAY, UNSETTLED, FulfilmentStatus, OrderStatus, RejectionReason
from domain.shared import fields as rules
from domain.shared.conflicts import InvalidTransition
from domain.shared.event import Event
from domain.shared.money import MOST, Money
from domain.shared.payment_status import PaymentStatus
from domain.shared.word import Word

LINES: Final = 1_000
QUANTITY: Final = 1_000_000
"""Pieces of one product."""
TEXT: Final = 500
"""Characters of a reason, of a carrier, of its tracking number."""
WRITTEN: Final = 240_000
"""Bytes of the lines as JSON: what they say must fit into one event."""


class Order(OrderState, frozen=True):
    """One order, as it decides."""

    def place(self, customer_id: UUID, lines: Sequence[Line], patience: timedelta, now: datetime) -> list[Event]:
        """The first fact of an order: lines of one currency, each product once; raises `Invalid`."""
        currencies = {line.unit_price.currency for line in lines}
        rules.refuse([] if lines else rules.error("/products", "required", "An order has at least one product."))
        rules.refuse([] if len(currencies) == 1 else rules.error("/products", "mixed_currencies", "The products have prices in several currencies."))
        rules.refuse(rules.json("/products", lines, WRITTEN))
        total = Money(sum(line.subtotal.amount for line in lines), currencies.pop())
        rules.refuse([] if total.amount <= MOST else rules.error("/products", "out_of_range", "The order is too large."))
        return [e.OrderPlaced(order_id=self.id, at=now, customer_id=customer_id, lines=tuple(lines), total=total, due_at=now + patience)]

    def reserve(self, round: int, until: datetime, now: datetime) -> list[Event]:
        """Everything it wants is held."""
        if self.status is not OrderStatus.PENDING or round != self.round:
            return []
        return [e.OrderReserved(order_id=self.id, at=now, round=round, until=until)]

    def confirm(self, round: int, now: datetime) -> list[Event]:
        """The money is authorised and the goods are secured."""
        if self.status is not OrderStatus.RESERVED or round != self.round:
            return []
        return [e.OrderConfirmed(order_id=self.id, at=now, round=round)]

    def complete(self, round: int, now: datetime) -> list[Event]:
        """The money is captured and the goods are sold."""
        if self.status is not OrderStatus.CONFIRMED or round != self.round:
            return []
        return [e.OrderCompleted(order_id=self.id, at=now, round=round, total=self.total)]

    def reject(self, round: int, reason: RejectionReason, message: str, now: datetime, *, payment_failed: bool = False) -> list[Event]:
        """It cannot be."""
        if self.is_over or round != self.round:
            return []
        return [e.OrderRejected(order_id=self.id, at=now, round=round, reason=reason, message=message, payment_failed=payment_failed)]

    def cancel(self, reason: str, now: datetime) -> list[Event]:
        """Nobody wants it any more; raises `InvalidTransition` once it is confirmed. Told twice, nothing new happens."""
        rules.refuse(rules.text("/reason", reason, TEXT))
        if self.status is OrderStatus.CANCELLED:
            return []
        if self.status not in CANCELLABLE:
            raise self._not_from(OrderStatus.CANCELLED, CANCELLABLE)
        return [e.OrderCancelled(order_id=self.id, at=now, round=self.round, reason=reason)]

    def retry(self, patience: timedelta, now: datetime) -> list[Event]:
        """Try it once more; raises `AlreadyPaid`, `PaymentInProgress`, and `InvalidTransition` where another try is of no use."""
        if self.status in PAID:
            raise AlreadyPaid
        if self.status in UNDER_WAY:
            raise PaymentInProgress
        if self.status is not OrderStatus.REJECTED or self.reason not in RETRIABLE:
            raise _not_allowed(f"An order that is {self.status} cannot be paid.", self.status, OrderStatus.PENDING)
        if self.payment_status in UNSETTLED:
            raise PaymentInProgress
        return [e.OrderRetried(order_id=self.id, at=now, round=self.round + 1, due_at=now + patience)]

    def settle(self, round: int, payment_status: PaymentStatus, now: datetime) -> list[Event]:
        """What became of the money of a try that ended badly, this one or an earlier one. Told twice, nothing new happens."""
        if self.given_up(round) in {None, payment_status}:
            return []
        return [e.OrderPaymentSettled(order_id=self.id, at=now, round=round, payment_status=payment_status)]

    def request_refund(
        self, refund_id: UUID, amount: int | None, products: Mapping[UUID, int] | None, reason: str, now: datetime, *, restock: bool
    ) -> list[Event]:
        """Give money back: for so many of some products, so much, or (neither) all that is left; raises `Invalid`, `InvalidTransition`,
        `NothingToRefund`. What comes back with it goes on the shelf, unless `restock` says otherwise.
        """
        rules.refuse(rules.text("/reason", reason.strip(), TEXT, least=1))
        if self.status is not OrderStatus.COMPLETED:
            raise self._not_from(OrderStatus.REFUNDED, {OrderStatus.COMPLETED})
        back = Refund.of(self, amount, products)
        of: dict[str, Any] = {"order_id": self.id, "at": now, "round": self.round, "refund_id": refund_id, "amount": self.total.of(back.amount)}
        return [e.OrderRefundRequested(**of, reason=reason, products=back.products, returned=back.products if restock else {})]

    def refund(self, refund_id: UUID, now: datetime) -> list[Event]:
        """The money of this refund went back."""
        amount = self.refunds.get(refund_id)
        if amount is None:
            return []
        is_all = self.refunded + amount == self.total.amount and (self.total.amount > 0 or not self.pieces_left)
        return [e.OrderRefunded(order_id=self.id, at=now, refund_id=refund_id, amount=self.total.of(amount), all=is_all)]

    def ship(self, carrier: str, tracking: str, now: datetime) -> list[Event]:
        """The goods left; raises `InvalidTransition` before it is completed, and once all goes back. Told twice, nothing new happens."""
        rules.refuse(rules.text("/carrier", carrier, TEXT) + rules.text("/tracking", tracking, TEXT))
        if self.fulfilment_status is not FulfilmentStatus.UNFULFILLED:
            return []
        if self.status is not OrderStatus.COMPLETED:
            raise self._not_from(FulfilmentStatus.SHIPPED, {OrderStatus.COMPLETED})
        if self.refunds and self.refundable == 0:
            raise _not_allowed("All of its money goes back.", self.fulfilment_status, FulfilmentStatus.SHIPPED)
        return [e.OrderShipped(order_id=self.id, at=now, carrier=carrier, tracking=tracking)]

    def deliver(self, now: datetime) -> list[Event]:
        """The goods arrived; raises `InvalidTransition` before they left. Told twice, nothing new happens."""
        if self.fulfilment_status is FulfilmentStatus.DELIVERED:
            return []
        if self.fulfilment_status is not FulfilmentStatus.SHIPPED:
            raise _not_allowed("What was not shipped cannot arrive.", self.fulfilment_status, FulfilmentStatus.DELIVERED)
        return [e.OrderDelivered(order_id=self.id, at=now)]

    def resume(self, now: datetime) -> list[Event]:
        """Let what is due next be done now."""
        return [e.OrderResumed(order_id=self.id, at=now, round=self.round)]

    def _not_from(self, to: Word, before: frozenset[OrderStatus] | set[OrderStatus]) -> InvalidTransition:
        return _not_allowed(f"An order that is {self.status} cannot become {to}; it has to be {' or '.join(sorted(before))}.", self.status, to)



def _not_allowed(told: str, at: Word, to: Word) -> InvalidTransition:
    return InvalidTransition(told, **{"from": at, "to": to, "allowed": []})
