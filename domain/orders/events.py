"""What happens to orders. `round` counts the times an order was tried, from 1."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct, field

from domain.orders.status import RejectionReason
from domain.shared.event import Event, recorded_as
from domain.shared.money import Money
from domain.shared.payment_status import PaymentStatus


class Line(Struct, frozen=True):
    """So many of a product, as it was called and priced when the order was placed."""

    product_id: UUID
    name: str
    unit_price: Money
    quantity: int

    @property
    def subtotal(self) -> Money:
        """What they cost together."""
        return self.unit_price.times(self.quantity)


class OrderEvent(Event, frozen=True, gc=False):
    """Something that happened to an order."""

    order_id: UUID
    at: datetime


@recorded_as("order.placed")
class OrderPlaced(OrderEvent, frozen=True, gc=False):
    """Somebody wants these things, at these prices. It should be over, one way or the other, by `due_at`."""

    customer_id: UUID
    lines: tuple[Line, ...]
    total: Money
    due_at: datetime
    round: int = 1


@recorded_as("order.reserved")
class OrderReserved(OrderEvent, frozen=True, gc=False):
    """Everything is held for it, until a moment; now the money."""

    round: int
    until: datetime


@recorded_as("order.confirmed")
class OrderConfirmed(OrderEvent, frozen=True, gc=False):
    """The money is authorised and the goods are secured: from here on it goes through."""

    round: int


@recorded_as("order.completed")
class OrderCompleted(OrderEvent, frozen=True, gc=False):
    """The money is captured and the goods are sold."""

    round: int
    total: Money


@recorded_as("order.rejected")
class OrderRejected(OrderEvent, frozen=True, gc=False):
    """It cannot be; what was held and authorised for it is given back."""

    round: int
    reason: RejectionReason
    message: str
    payment_failed: bool = False
    """Its money is settled already: none was kept."""


@recorded_as("order.cancelled")
class OrderCancelled(OrderEvent, frozen=True, gc=False):
    """Somebody does not want it any more; what was held and authorised for it is given back."""

    round: int
    reason: str = ""


@recorded_as("order.retried")
class OrderRetried(OrderEvent, frozen=True, gc=False):
    """It is tried once more, from the beginning, at the prices it was placed at."""

    round: int
    due_at: datetime


@recorded_as("order.payment_settled")
class OrderPaymentSettled(OrderEvent, frozen=True, gc=False):
    """What became of the money of an order that ended badly."""

    round: int
    payment_status: PaymentStatus


@recorded_as("order.refund_requested")
class OrderRefundRequested(OrderEvent, frozen=True, gc=False):
    """Some or all of the money goes back to the customer: of these pieces by product, of which those `returned` go back on the shelf."""

    refund_id: UUID
    amount: Money
    reason: str
    round: int
    products: dict[UUID, int] = field(default_factory=dict)
    returned: dict[UUID, int] = field(default_factory=dict)


@recorded_as("order.refunded")
class OrderRefunded(OrderEvent, frozen=True, gc=False):
    """The money of one refund went back; `all` of it, now."""

    refund_id: UUID
    amount: Money
    all: bool


@recorded_as("order.shipped")
class OrderShipped(OrderEvent, frozen=True, gc=False):
    """The goods left."""

    carrier: str = ""
    tracking: str = ""


@recorded_as("order.delivered")
class OrderDelivered(OrderEvent, frozen=True, gc=False):
    """The goods arrived."""


@recorded_as("order.resumed")
class OrderResumed(OrderEvent, frozen=True, gc=False):
    """An administrator wants what is due next for this order to be done now."""

    round: int
