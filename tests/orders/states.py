"""Orders at every point of their lives."""

from datetime import timedelta
from uuid import UUID

from domain.orders.events import Line
from domain.orders.order import Order
from domain.orders.status import RejectionReason
from domain.shared.money import Money
from domain.shared.payment_status import PaymentStatus
from tests.scenario import NOON

CUSTOMER, LAMP, ROPE = (UUID(int=nth) for nth in (1, 2, 3))
PATIENCE = timedelta(minutes=20)
LATER = NOON + timedelta(minutes=1)
UNTIL = NOON + timedelta(minutes=15)
LINES = (Line(LAMP, "Lamp", Money(1250, "GBP"), 2), Line(ROPE, "Rope", Money(99, "GBP"), 3))
TOTAL = 2 * 1250 + 3 * 99
REFUND, ANOTHER = UUID(int=100), UUID(int=101)

fresh = Order(id=UUID(int=7))
pending = fresh.after(*fresh.place(CUSTOMER, LINES, PATIENCE, NOON))
reserved = pending.after(*pending.reserve(1, UNTIL, NOON))
confirmed = reserved.after(*reserved.confirm(1, NOON))
completed = confirmed.after(*confirmed.complete(1, NOON))
cancelled = reserved.after(*reserved.cancel("changed my mind", NOON))
short = pending.after(*pending.reject(1, RejectionReason.INSUFFICIENT_STOCK, "Too little.", NOON))
unpaid = reserved.after(*reserved.reject(1, RejectionReason.PAYMENT_FAILED, "No funds.", NOON, payment_failed=True))
expired = reserved.after(*reserved.reject(1, RejectionReason.RESERVATION_EXPIRED, "Too late.", NOON))
settled = expired.after(*expired.settle(1, PaymentStatus.VOIDED, NOON))
refunding = completed.after(*completed.request_refund(REFUND, None, None, "broken", NOON, restock=True))
refunded = refunding.after(*refunding.refund(REFUND, NOON))
shipped = completed.after(*completed.ship("Royal Mail", "AB123", NOON))
delivered = shipped.after(*shipped.deliver(NOON))
ALL = {
    "pending": pending, "reserved": reserved, "confirmed": confirmed, "completed": completed, "cancelled": cancelled, "short": short,
    "unpaid": unpaid, "expired": expired, "settled": settled, "refunding": refunding, "refunded": refunded, "shipped": shipped,
    "delivered": delivered,
}  # fmt: skip
