"""What an order has come to: its fields, and how each event changes them."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec

from domain.orders import events as e
from domain.orders.events import Line
from domain.orders.status import ENDED_BADLY, UNDER_WAY, FulfilmentStatus, OrderStatus, RejectionReason
from domain.shared.aggregate import NOBODY, Aggregate
from domain.shared.event import Event
from domain.shared.money import Money
from domain.shared.payment_status import PaymentStatus


class OrderState(Aggregate, frozen=True):
    """The fields of an order. `round` counts its tries, from 1; it should be over by `due_at`; its goods are held until `reserved_until`.

    `refunds` are those under way and `refunded` is what went back, in minor units; `given_back` counts the pieces that all of these are for,
    `returned` those of them that go back on the shelf, by product. `earlier` is how the payments of earlier tries stand, as far as was told.
    """

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
    earlier: dict[int, PaymentStatus] = msgspec.field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether this is an order; its id may also be that of something else."""
        return self.placed_at is not None

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.status not in UNDER_WAY

    def given_up(self, round: int) -> PaymentStatus | None:
        """How the payment of a try that ended badly stands, as far as was told; None where that try did not."""
        if round != self.round:
            return self.earlier.get(round)
        return self.payment_status if self.status in ENDED_BADLY else None

    @property
    def refundable(self) -> int:
        """How much of the money could still go back, in minor units."""
        return self.total.amount - self.refunded - sum(self.refunds.values())

    @property
    def pieces_left(self) -> Counter[UUID]:
        """How many pieces of each product nobody gave back yet, nor wishes to."""
        return Counter({line.product_id: line.quantity for line in self.lines}) - Counter(self.given_back)

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
                return again.but(round=round, due_at=due_at, earlier={**self.earlier, self.round: self.payment_status})
            case e.OrderPaymentSettled(round=round, payment_status=payment_status):
                is_earlier = round != self.round
                return self.but(earlier={**self.earlier, round: payment_status}) if is_earlier else self.but(payment_status=payment_status)
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


def _sum(one: Mapping[UUID, int], other: Mapping[UUID, int]) -> dict[UUID, int]:
    return dict(Counter(one) + Counter(other))
