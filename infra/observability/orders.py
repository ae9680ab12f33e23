"""Orders and payments in numbers, for Prometheus."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import psycopg
from prometheus_client import Counter, Gauge

from application.payments.call import Answered, Refused, Unknown
from domain.orders.status import OrderStatus
from domain.payments.step import Step
from projections.orders.order_days import ORDER_DAYS, STATUSES
from projections.orders.orders import ORDERS as ORDERS_TABLE

log = logging.getLogger(__name__)
ORDERS: Final = Gauge("daybook_orders", "Orders there are, by how they stand.", ["status"])
STUCK: Final = Gauge("daybook_orders_stuck", "Orders of which something is still under way though it is past their time.")
CALLS: Final = Counter("daybook_payment_outcomes_total", "What came of calls to the payment provider by this process.", ["step", "outcome"])
EVERY: Final = 10.0
"""Seconds between two looks; a look reads seven sums, and the orders of which something is under way."""
QUERY: Final = f"select name, number from {ORDER_DAYS.table}_groups where \"group\" = '{STATUSES}'"
LATE: Final = f"select count(*) from {ORDERS_TABLE.table} where late_at is not null and late_at <= statement_timestamp()"
Reads = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


def came_of_it(step: Step, outcome: Answered | Refused | Unknown) -> None:
    """Count a call: `answered`, `refused` (another attempt may go well), `declined` (none will), `unknown`."""
    word = "declined" if isinstance(outcome, Refused) and outcome.final else type(outcome).__name__.lower()
    CALLS.labels(str(step), word).inc()


async def count_orders(reads: Reads) -> None:
    """Look now and then. Until cancelled."""
    while True:
        try:
            await look(reads)
        except psycopg.errors.UndefinedTable:
            pass  # It is not made yet.
        except (psycopg.Error, OSError) as error:
            log.warning("orders cannot be counted", extra={"error": repr(error)})
        await asyncio.sleep(EVERY)


async def look(reads: Reads) -> None:
    """How many orders stand how, and how many are stuck; also those statuses that none has any more."""
    found: dict[str, int] = dict(await reads(QUERY))
    ((stuck,),) = await reads(LATE)
    STUCK.set(stuck)
    for status in OrderStatus:
        ORDERS.labels(status.value).set(found.get(status.value, 0))
