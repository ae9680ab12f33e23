"""Payments as they are spoken: how each stands, and what was tried. Customers see their own; who reads all may ask for some of them."""

from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec.structs import replace

from api.shared.access import caller
from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, one, page, read_cursor, write_cursor
from api.shared.request import Req
from api.shared.routing import query
from application.payments.access import READ, must_be_in_sight, whose
from domain.shared.payment_status import PaymentStatus
from domain.shared.refused import NotFound
from projections.payments.payment_search import ShownPayment, Sought, payments, shown
from projections.payments.payments import PAYMENTS
from projections.shared.reading import Freshness


@query("/api/v1/payments", needs=READ, answers=Page[ShownPayment], tags=["payments"])
async def list_payments(
    request: Req,
    fresh: NamedDependency[Freshness],
    limit: Limit = None,
    cursor: Cursor = None,
    customer_id: Annotated[UUID | None, QueryParameter(description="Only those of this customer; of others only for those who read all.")] = None,
    order_id: Annotated[UUID | None, QueryParameter(description="Only those of this order.")] = None,
    status: Annotated[PaymentStatus | None, QueryParameter(description="Only those that stand so.")] = None,
) -> Response[bytes]:
    """One's own payments, newest first; administrators and auditors see all of them."""
    size = limit or DEFAULT_LIMIT
    (before,) = read_cursor(request, cursor, tuple[UUID]) or (None,)
    sought = Sought(whose(customer_id, caller(request)), order_id, status)
    found, seen = await payments(parts(request).tables, sought, fresh, limit=size + 1, before=before)
    following = write_cursor(request, found[size - 1].id) if len(found) > size else None
    return page(request, found[:size], position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)


@query("/api/v1/payments/{payment_id:uuid}", needs=READ, answers=ShownPayment, tags=["payments"])
async def get_payment(request: Req, payment_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """One payment, with what was tried and what comes next."""
    seen = await parts(request).tables.one(PAYMENTS, payment_id, replace(fresh, stream_id=payment_id))
    if seen.row is None:
        raise NotFound
    must_be_in_sight(seen.row.customer_id, caller(request))
    return one(request, shown(seen.row), version=seen.row.version, position=seen.position, stale=seen.stale)
