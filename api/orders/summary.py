"""Orders day by day (UTC), for those who read all of them: what was placed, how it ended, what was earned and given back."""

from collections import Counter
from datetime import date, timedelta
from typing import Annotated, Any, Final

import msgspec
from litestar import Response
from litestar.di import NamedDependency

from api.shared.moments import day, day_of
from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from api.shared.querying import tagged
from api.shared.request import Req
from api.shared.routing import query
from domain.shared.money import Money
from projections.orders.order_days import ORDER_DAYS, STATUSES, days_of, month_of
from projections.shared.reading import Freshness

LONGEST: Final = 3_660
"""Days a report may cover."""
USUAL: Final = 30
First = Annotated[str | None, day("The first day; 30 days are told where it is left out.", name="from")]
Last = Annotated[str | None, day("The last day; today where left out.", name="to")]


class Business(msgspec.Struct, frozen=True):
    """What happened to orders of one currency. `payment_failed`: how many of those rejected were rejected because they could not be paid;
    `revenue` is what was captured, `refunds` what went back.
    """

    currency: str
    placed: int
    completed: int
    rejected: int
    payment_failed: int
    cancelled: int
    revenue: Money
    refunds: Money


class OrderDayView(Business, frozen=True):
    """On one day."""

    date: date


class OrderSummaryView(msgspec.Struct, frozen=True):
    """Those days on which something happened, and all of them together, by currency; `statuses`: how all orders there are stand now."""

    days: list[OrderDayView]
    totals: list[Business]
    statuses: dict[str, int]


@query("/api/v1/admin/orders/summary", needs="orders:list-all", answers=OrderSummaryView, tagged=True, tags=["orders"])
async def summarise_orders(
    request: Req,
    fresh: NamedDependency[Freshness],
    since: First = None,
    until: Last = None,
) -> Response[bytes]:
    """Orders placed, completed, rejected and cancelled, revenue and refunds, by day and currency; each counts on the day it happened."""
    last = day_of("to", until) or parts(request).log.now().date()
    first = day_of("from", since) or date.fromordinal(max(1, last.toordinal() - USUAL + 1))
    if (last - first).days >= LONGEST:
        raise BodyRefused([FieldError("from", "out_of_range", f"at most {LONGEST} days are told at once")])
    groups, position, stale = await parts(request).tables.sums(ORDER_DAYS, [STATUSES, *_months(first, last)], fresh)
    statuses, totals = groups.pop(STATUSES), dict[str, Counter[str]]()
    found = days_of(groups, first, last)
    for one in found:
        totals.setdefault(one.currency, Counter()).update(one.numbers)
    days = [OrderDayView(**_told(one.currency, one.numbers), date=one.day) for one in found]
    told = OrderSummaryView(days, [Business(**_told(*one)) for one in sorted(totals.items())], statuses)
    return tagged(request, told, position=position, stale=stale)


def _months(first: date, last: date) -> list[str]:
    days = (last - first).days + 1
    return sorted({month_of(first + timedelta(days=nth)) for nth in range(days)})


def _told(currency: str, numbers: dict[str, int]) -> dict[str, Any]:
    counts = {word: numbers.get(word, 0) for word in ("placed", "completed", "rejected", "payment_failed", "cancelled")}
    return {"currency": currency, **counts, **{word: Money(numbers.get(word, 0), currency) for word in ("revenue", "refunds")}}
