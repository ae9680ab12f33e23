"""An order: it decides what comes next, the stock and the payment say how that went.

pending → reserved → confirmed → completed (→ refunded); pending and reserved may be cancelled; until it is completed it may be rejected.
Confirmed means that the money is authorised and the goods are secured; from there on nobody cancels it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

import msgspec

from domain.orders import events as e
from domain.orders.errors import AlreadyPaid, NothingToRefund, PaymentInProgress
from domain.orders.events import Line
from domain.orders.status import (
    CANCELLABLE,
    ENDED_BADLY,
    PAID,
    UNDER_WAY,
    UNSETTLED,
    FulfilmentStatus,
    OrderStatus,
    RejectionReason,
)
from domain.shared import fields as rules
from domain.shared.aggregate import NOBODY, Aggregate
from domain.shared.conflicts import InvalidTransition
from domain.shared.event import Event
from domain.shared.money import MOST, Money
from domain.shared.payment_status import PaymentStatus
from domain.shared.word import Word

LINES: Final = 1_000
QUANTITY: Final = 1_000_000
TEXT: Final = 500
WRITTEN: Final = 240_000
"""Bytes of the lines as JSON: what they say must fit into one event."""
RETRIABLE: Final = frozenset({RejectionReason.PAYMENT_FAILED, RejectionReason.RESERVATION_EXPIRED})


class Order(Aggregate, frozen=True):
    """One order. `refunds` are those under way, `refunded` what went back, in minor units; `given_back` counts the pieces this is for."""

    customer_id: UUID = NOBODY
    lines: tuple[Line, ...] = ()
    total: Money = Money(0, "")
    status: OrderStatus = OrderStatus.PENDING
    payment_status: PaymentStatus = PaymentStatus.PENDING
    fulfilment_status: FulfilmentStatus = FulfilmentStatus.UNFULFILLED
    reason: RejectionReason | None = None
    status_message: str = ""
    round: int = 0
    placed_at: datetime | None = None
    updated_at: datetime | None = None
    due_at: datetime | None = None
    reserved_until: datetime | None = None
    refunds: dict[UUID, int] = msgspec.field(default_factory=dict)
    refunded: int = 0
    given_back: dict[UUID, int] = msgspec.field(default_factory=dict)
    returned: dict[UUID, int] = msgspec.field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether this is an order; its id may also be that of something else."""
        return self.placed_at is not None

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.status not in UNDER_WAY

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
        """What became of the money after it ended badly."""
        if self.status not in ENDED_BADLY or round != self.round or payment_status is self.payment_status:
            return []
        return [e.OrderPaymentSettled(order_id=self.id, at=now, round=round, payment_status=payment_status)]

    @property
    def refundable(self) -> int:
        """How much of the money could still go back, in minor units."""
        return self.total.amount - self.refunded - sum(self.refunds.values())

    def request_refund(
        self, refund_id: UUID, amount: int | None, products: Mapping[UUID, int] | None, reason: str, now: datetime, *, restock: bool
    ) -> list[Event]:
        """Give money back: for so many of some products, so much, or (neither) all that is left; raises `Invalid`, `InvalidTransition`,
        `NothingToRefund`. What comes back with it goes on the shelf, unless `restock` says otherwise.
        """
        rules.refuse(rules.text("/reason", reason.strip(), TEXT, least=1))
        if self.status is not OrderStatus.COMPLETED:
            raise self._not_from(OrderStatus.REFUNDED, {OrderStatus.COMPLETED})
        rules.refuse([] if amount is None else rules.number("/amount", amount, 1, MOST))
        back = self._left() if amount is None and products is None else Counter(products or {})
        worth = self._worth(back) if products is not None else self.refundable
        worth = worth if amount is None else amount
        if worth > self.refundable or (worth == 0 and self.total.amount):
            raise NothingToRefund(f"{self.refundable} of {self.total} are left.", refundable=self.refundable)
        of: dict[str, Any] = {"order_id": self.id, "at": now, "round": self.round, "refund_id": refund_id, "amount": self.total.of(worth)}
        return [e.OrderRefundRequested(**of, reason=reason, products=dict(back), returned=dict(back) if restock else {})]

    def refund(self, refund_id: UUID, now: datetime) -> list[Event]:
        """The money of this refund went back."""
        amount = self.refunds.get(refund_id)
        if amount is None:
            return []
        is_all = self.refunded + amount == self.total.amount and (self.total.amount > 0 or not self._left())
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

    def _left(self) -> Counter[UUID]:
        return Counter({line.product_id: line.quantity for line in self.lines}) - Counter(self.given_back)

    def _worth(self, back: Mapping[UUID, int]) -> int:
        left, prices = self._left(), {line.product_id: line.unit_price.amount for line in self.lines}
        errors: rules.Errors = []
        for nth, (product_id, quantity) in enumerate(back.items()):
            if not 1 <= quantity <= left[product_id]:
                errors += rules.error(f"/products/{nth}/quantity", "out_of_range", f"{left[product_id]} of this product are left to refund.")
        rules.refuse(errors)
        return sum(prices[product_id] * quantity for product_id, quantity in back.items())

    def _not_from(self, to: Word, before: frozenset[OrderStatus] | set[OrderStatus]) -> InvalidTransition:
        return _not_allowed(f"An order that is {self.status} cannot become {to}; it has to be {' or '.join(sorted(before))}.", self.status, to)

    def evolve(self, event: Event) -> Self:
        """The order after one more fact."""
        return self._evolved(event).but(updated_at=event.at) if isinstance(event, e.OrderEvent) else self

    def _evolved(self, event: Event) -> Self:  # noqa: C901, PLR0911 — one line per kind of event.
        match event:
            case e.OrderPlaced(customer_id=customer_id, lines=lines, total=total, at=at, due_at=due_at, round=round):
                return self.but(customer_id=customer_id, lines=lines, total=total, placed_at=at, due_at=due_at, round=round)
            case e.OrderReserved(until=until):
                return self.but(status=OrderStatus.RESERVED, reserved_until=until)
            case e.OrderConfirmed():
                return self.but(status=OrderStatus.CONFIRMED, payment_status=PaymentStatus.AUTHORISED, reserved_until=None)
            case e.OrderCompleted():
                return self.but(status=OrderStatus.COMPLETED, payment_status=PaymentStatus.CAPTURED)
            case e.OrderRejected(reason=reason, message=message, payment_failed=failed):
                settled = PaymentStatus.FAILED if failed else self.payment_status
                return self.but(status=OrderStatus.REJECTED, reason=reason, status_message=message, payment_status=settled, reserved_until=None)
            case e.OrderCancelled(reason=reason):
                return self.but(status=OrderStatus.CANCELLED, status_message=reason, reserved_until=None)
            case e.OrderRetried(round=round, due_at=due_at):
                again = self.but(status=OrderStatus.PENDING, payment_status=PaymentStatus.PENDING, reason=None, status_message="")
                return again.but(round=round, due_at=due_at)
            case e.OrderPaymentSettled(payment_status=payment_status):
                return self.but(payment_status=payment_status)
            case e.OrderRefundRequested(refund_id=refund_id, amount=amount, products=products, returned=returned):
                state = self.but(refunds={**self.refunds, refund_id: amount.amount})
                return state.but(given_back=_sum(self.given_back, products), returned=_sum(self.returned, returned))
            case e.OrderRefunded(refund_id=refund_id, amount=amount, all=is_all):
                left = {other: worth for other, worth in self.refunds.items() if other != refund_id}
                state = self.but(refunds=left, refunded=self.refunded + amount.amount)
                return state.but(status=OrderStatus.REFUNDED, payment_status=PaymentStatus.REFUNDED) if is_all else state
            case e.OrderShipped():
                return self.but(fulfilment_status=FulfilmentStatus.SHIPPED)
            case e.OrderDelivered():
                return self.but(fulfilment_status=FulfilmentStatus.DELIVERED)
        return self


def _not_allowed(told: str, at: Word, to: Word) -> InvalidTransition:
    return InvalidTransition(told, **{"from": at, "to": to, "allowed": []})


def _sum(one: Mapping[UUID, int], other: Mapping[UUID, int]) -> dict[UUID, int]:
    return dict(Counter(one) + Counter(other))
