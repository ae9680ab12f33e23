"""Payments as they are shown, and which of them are sought."""

from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from domain.payments.step import Step
from domain.shared.money import Money
from domain.shared.payment_status import PaymentStatus
from projections.payments.payments import PAYMENTS, Attempt, PaymentRow
from projections.shared.reading import LAST_ID, Freshness, SeenMany, Tables
from projections.shared.where import where


class PaymentError(msgspec.Struct, frozen=True):
    """Why an attempt failed."""

    code: str
    message: str


class ShownAttempt(msgspec.Struct, frozen=True):
    """One try to have the money authorised: `outcome` is `started`, `failed`, `unknown`, `authorised` or `cancelled`; `next_attempt_at`: when
    the next one is made.
    """

    number: int
    time: datetime
    outcome: str
    error: PaymentError | None
    next_attempt_at: datetime | None


class ShownPayment(msgspec.Struct, frozen=True):
    """A payment, one try to have an order paid. `next_step` is what the payment provider will be asked, from `due_at` on."""

    id: UUID
    version: int
    order_id: UUID
    customer_id: UUID | None
    round: int
    amount: Money
    status: PaymentStatus
    status_message: str
    captured_amount: Money
    refunded_amount: Money
    attempts: list[ShownAttempt]
    next_step: Step | None
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Sought(msgspec.Struct, frozen=True):
    """Which payments; None: all."""

    customer_id: UUID | None = None
    order_id: UUID | None = None
    status: PaymentStatus | None = None


def attempts_of(row: PaymentRow) -> list[ShownAttempt]:
    """The newest attempts, as they are shown."""
    return [_attempt(one) for one in msgspec.json.decode(row.attempts, type=list[Attempt])]


def _attempt(one: Attempt) -> ShownAttempt:
    error = PaymentError(one.code, one.message) if one.code or one.message else None
    return ShownAttempt(one.number, one.at, one.outcome, error, one.next_attempt_at)


def shown(row: PaymentRow) -> ShownPayment:
    """A payment as it is shown."""
    amount = Money(row.amount, row.currency)
    same = ("id", "version", "order_id", "customer_id", "round", "status_message", "due_at", "created_at", "updated_at")
    return ShownPayment(
        **{name: getattr(row, name) for name in same},
        amount=amount,
        status=PaymentStatus(row.status),
        captured_amount=amount.of(row.captured),
        refunded_amount=amount.of(row.refunded),
        attempts=attempts_of(row),
        next_step=None if row.next_step is None else Step(row.next_step),
    )


def where_of(sought: Sought, *, limit: int, before: UUID | None = None) -> tuple[LiteralString, list[Any]]:
    """The rest of a SELECT, with its arguments: newest first, older than one of them."""
    conditions, arguments = where(
        ("id < %b", (before or LAST_ID,)),
        ("customer_id = %b", (sought.customer_id,)),
        ("order_id = %b", (sought.order_id,)),
        ("status = %b", (sought.status,)),
    )
    return conditions + " order by id desc limit %b", [*arguments, limit]


async def payments(
    tables: Tables, sought: Sought, fresh: Freshness, *, limit: int, before: UUID | None = None
) -> tuple[list[ShownPayment], SeenMany[PaymentRow]]:
    """Newest first, older than one of them; at most `limit`."""
    rest, arguments = where_of(sought, limit=limit, before=before)
    seen = await tables.many(PAYMENTS, rest, arguments, fresh)
    return [shown(row) for row in seen.rows], seen
