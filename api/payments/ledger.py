"""The books as they are spoken: the trial balance, and every posting."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.shared.parts import parts
from api.shared.querying import DEFAULT_LIMIT, Cursor, Limit, Page, page, read_cursor, tagged, write_cursor
from api.shared.request import Req
from api.shared.routing import query
from domain.payments.ledger import Account
from projections.payments.ledger import TrialBalance, postings, trial_balance
from projections.shared.reading import Freshness

READ: Final = "ledger:read"


class LedgerEntry(msgspec.Struct, frozen=True):
    """One side of an entry. `position` is that of the fact in the log; the postings of one fact have the same, `line` counts them."""

    position: int
    line: int
    account: Account
    currency: Annotated[str, msgspec.Meta(examples=["GBP"])]
    debit: int
    credit: int
    order_id: UUID
    payment_id: UUID | None
    at: datetime


@query("/api/v1/ledger/trial-balance", needs=READ, answers=TrialBalance, tagged=True, tags=["payments"])
async def show_trial_balance(request: Req, fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """Every account by currency, and whether debits and credits are equal."""
    told, stale = await trial_balance(parts(request).tables, fresh)
    return tagged(request, told, position=told.position, stale=stale)


@query("/api/v1/ledger/entries", needs=READ, answers=Page[LedgerEntry], tags=["payments"])
async def list_ledger_entries(
    request: Req,
    fresh: NamedDependency[Freshness],
    limit: Limit = None,
    cursor: Cursor = None,
    account: Annotated[Account | None, QueryParameter(description="Only those of this account.")] = None,
    order_id: Annotated[UUID | None, QueryParameter(description="Only those of this order.")] = None,
) -> Response[bytes]:
    """Postings, newest first; those of one fact stand together."""
    size = limit or DEFAULT_LIMIT
    before = read_cursor(request, cursor, tuple[int, int])
    seen = await postings(parts(request).tables, account, order_id, fresh, limit=size + 1, before=before)
    shown = seen.rows[:size]
    following = write_cursor(request, shown[-1].position, shown[-1].line) if len(seen.rows) > size else None
    found = [msgspec.convert(row, LedgerEntry, from_attributes=True) for row in shown]
    return page(request, found, position=seen.position, following=following, stale=seen.stale, incomplete=seen.incomplete)
