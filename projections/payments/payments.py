"""Payments as they stand, each with its attempts; and for whoever asks the provider, when the next step is due."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.payments import events as e
from domain.payments.payment import Payment
from domain.payments.step import Step
from domain.shared.event import Recorded
from projections.shared.read_model import ReadModel, Row, read_model

KINDS: Final = (
    e.PaymentRequested,
    e.CaptureRequested,
    e.PaymentCancelled,
    e.RefundRequested,
    e.CallStarted,
    e.CallFailed,
    e.CallUnknown,
    e.RecheckPlanned,
    e.PaymentAuthorised,
    e.PaymentCaptured,
    e.PaymentVoided,
    e.PaymentRefunded,
    e.PaymentFailed,
)
ATTEMPTS: Final = 50
"""The newest attempts that are shown."""


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True):
    """One try to have the money authorised: `outcome` is `started`, `failed`, `unknown`, `authorised` or `cancelled`."""

    number: int
    at: datetime
    outcome: str = "started"
    code: str = ""
    message: str = ""
    next_attempt_at: datetime | None = None


class PaymentRow(Row, frozen=True, gc=False):
    """A payment; amounts in minor units. `next_step` is what the provider will be asked, from `due_at` on; `state` is the payment itself as JSON."""

    id: UUID
    version: int
    order_id: UUID
    customer_id: UUID | None
    round: int
    amount: int
    currency: str
    status: str
    status_message: str
    captured: int
    refunded: int
    attempts: msgspec.Raw
    next_step: str | None
    due_at: datetime | None
    state: msgspec.Raw
    created_at: datetime
    updated_at: datetime


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The payment itself."""
    return (recorded.stream_id,)


def fold(key: UUID, row: PaymentRow | None, recorded: Recorded[Any]) -> PaymentRow:
    """The payment after one more event."""
    event = recorded.event
    before = Payment(id=key) if row is None else msgspec.json.decode(row.state, type=Payment)
    after = before.after(event)
    attempts = () if row is None else msgspec.json.decode(row.attempts, type=tuple[Attempt, ...])
    step = after.next_step
    return PaymentRow(
        id=key,
        version=recorded.version,
        order_id=event.order_id,
        customer_id=after.customer_id,
        round=event.round,
        amount=after.amount.amount,
        currency=after.amount.currency,
        status=after.status.value,
        status_message=after.message if after.failed else "",
        captured=after.told.captured,
        refunded=after.told.refunded,
        attempts=msgspec.Raw(msgspec.json.encode(_tried(attempts, event))),
        next_step=None if step is None else step.value,
        due_at=None if step is None else after.retry_at or event.at,
        state=msgspec.Raw(msgspec.json.encode(after)),
        created_at=event.at if row is None else row.created_at,
        updated_at=event.at,
    )


def _tried(attempts: tuple[Attempt, ...], event: e.PaymentEvent) -> tuple[Attempt, ...]:  # noqa: PLR0911 — one line per kind of event.
    match event:
        case e.CallStarted(step=Step.AUTHORISE, attempt=number, at=at):
            return (*attempts, Attempt(number, at))[-ATTEMPTS:]
        case e.CallFailed(step=Step.AUTHORISE, code=code, message=message, retry_at=at):
            return _last(attempts, outcome="failed", code=code, message=message, next_attempt_at=at)
        case e.CallUnknown(step=Step.AUTHORISE, message=message, retry_at=at):
            return _last(attempts, outcome="unknown", message=message, next_attempt_at=at)
        case e.PaymentAuthorised():
            return _last(attempts, outcome="authorised", code="", message="", next_attempt_at=None)
        case e.PaymentCancelled():
            return _last(attempts, next_attempt_at=None)
        case e.PaymentVoided() if attempts and attempts[-1].outcome in {"started", "unknown"}:
            return _last(attempts, outcome="cancelled", message="", next_attempt_at=None)
        case e.PaymentFailed(code=code, message=message) if attempts and attempts[-1].outcome != "authorised":
            return _last(attempts, outcome="failed", code=code, message=message, next_attempt_at=None)
    return attempts


def _last(attempts: tuple[Attempt, ...], **told: Any) -> tuple[Attempt, ...]:
    return (*attempts[:-1], replace(attempts[-1], **told)) if attempts else ()


PAYMENTS: Final = read_model(
    ReadModel(
        name="payments",
        version=4,
        store="postgres",
        row=PaymentRow,
        key=("id",),
        listens=KINDS,
        keys=keys,
        fold=fold,
        indexes=("order_id, id", "customer_id, id", "customer_id, status, id", "status, id", "due_at where due_at is not null"),
        key_is_stream=True,
    )
)
