"""Writing orders into a file: one's own, or everybody's for who may list them."""

from typing import Any, Final, LiteralString

from application.shared.context import Caller
from application.shared.permissions import must
from infra.jobs.exporting import Selection, export
from infra.jobs.order_sheet import ORDER_SHEET
from infra.jobs.run import Run
from infra.jobs.runners import Done

CONDITIONS: Final[dict[str, LiteralString]] = {
    "status": "status = any(%b::text[])",
    "payment_status": "payment_status = any(%b::text[])",
    "customer_id": "customer_id = %b::uuid",
    "placed_from": "placed_at >= %b::timestamptz",
    "placed_to": "placed_at <= %b::timestamptz",
}


async def run(run: Run) -> Done:
    """What the requester may list."""
    wanted, caller = run.job.parameters, await run.caller()
    return await export(run, ORDER_SHEET, lambda: selection(caller, wanted["scope"], wanted["filters"]))


def selection(caller: Caller, scope: str, filters: dict[str, Any]) -> Selection:
    """Raises `InsufficientRole`, `InsufficientScope` for who may not list these."""
    must(caller, "orders:list-all" if scope == "all" else "orders:read")
    where: LiteralString = "true" if scope == "all" else "customer_id = %b"
    values: list[Any] = [] if scope == "all" else [caller.id]
    for name, value in filters.items():
        where = f"{where} and {CONDITIONS[name]}"
        values.append([value] if name in {"status", "payment_status"} and isinstance(value, str) else value)
    return where, values
