"""What happens to payments. A payment is one try (`round`) to have an order paid."""

from datetime import datetime
from uuid import UUID

from domain.payments.step import Step
from domain.shared.event import Event, recorded_as
from domain.shared.money import Money


class PaymentEvent(Event, frozen=True, gc=False):
    """Something that happened to a payment."""

    payment_id: UUID
    order_id: UUID
    round: int
    at: datetime


@recorded_as("payment.requested")
class PaymentRequested(PaymentEvent, frozen=True, gc=False):
    """So much is to be authorised."""

    customer_id: UUID
    amount: Money


@recorded_as("payment.capture_requested")
class CaptureRequested(PaymentEvent, frozen=True, gc=False):
    """What is authorised is to be captured; `captured`: it is already, though nobody asked for it."""

    captured: bool = False


@recorded_as("payment.cancelled")
class PaymentCancelled(PaymentEvent, frozen=True, gc=False):
    """Nothing is wanted of it any more: whatever was taken, or turns out to have been, goes back."""

    customer_id: UUID | None = None


@recorded_as("payment.refund_requested")
class RefundRequested(PaymentEvent, frozen=True, gc=False):
    """So much of what was captured is to go back."""

    refund_id: UUID
    amount: Money


@recorded_as("payment.call_started")
class CallStarted(PaymentEvent, frozen=True, gc=False):
    """The provider is asked now, under this idempotency key. Who has not heard until `until` does not know what came of it.
    `attempt` counts the calls for this step, from 1.
    """

    step: Step
    attempt: int
    key: str
    until: datetime


@recorded_as("payment.call_failed")
class CallFailed(PaymentEvent, frozen=True, gc=False):
    """It is certain that this call did nothing; it is made again at `retry_at`. `answered`: the provider itself said so, and the next
    call is another one; else it is the same one, under the same key.
    """

    step: Step
    attempt: int
    code: str
    message: str
    retry_at: datetime
    answered: bool = True


@recorded_as("payment.call_unknown")
class CallUnknown(PaymentEvent, frozen=True, gc=False):
    """Nobody knows what came of this call; the provider is asked at `retry_at`, and nothing else until that is known."""

    step: Step
    attempt: int
    message: str
    retry_at: datetime
    asked: int = 0
    """How often it was asked in vain."""
    declined: bool = False
    """The provider said that it will never do this; it is asked whether that is because it was done, or something else was."""


@recorded_as("payment.recheck_planned")
class RecheckPlanned(PaymentEvent, frozen=True, gc=False):
    """It was given up, though a call of which the provider knew nothing may still arrive: the provider is asked once more at `retry_at`; None:
    no more. `since`: when it was given up.
    """

    since: datetime
    retry_at: datetime | None


@recorded_as("payment.authorised")
class PaymentAuthorised(PaymentEvent, frozen=True, gc=False):
    """So much may be captured; `unwanted`: nobody wants that any more, it is to be void."""

    amount: Money
    reference: str = ""
    unwanted: bool = False


@recorded_as("payment.captured")
class PaymentCaptured(PaymentEvent, frozen=True, gc=False):
    """So much was taken; `unwanted`: nobody wants that any more, it is to go back."""

    amount: Money
    unwanted: bool = False


@recorded_as("payment.voided")
class PaymentVoided(PaymentEvent, frozen=True, gc=False):
    """So much may not be captured any more; nothing of it was."""

    amount: Money


@recorded_as("payment.refunded")
class PaymentRefunded(PaymentEvent, frozen=True, gc=False):
    """So much went back. `refund_id`: which wish that was; None where nobody here had it."""

    amount: Money
    refund_id: UUID | None = None


@recorded_as("payment.failed")
class PaymentFailed(PaymentEvent, frozen=True, gc=False):
    """It is given up; nothing was captured, or the provider gave all of it back at once."""

    code: str
    message: str
