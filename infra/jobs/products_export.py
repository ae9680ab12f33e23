"""Writing products into a file: what is sold, which anybody may see."""

from typing import Any, Final, LiteralString

from domain.shop.product import same_name
from infra.jobs.exporting import Selection, export
from infra.jobs.product_sheet import PRODUCT_SHEET
from infra.jobs.run import Run
from infra.jobs.runners import Done
from projections.shared.patterns import patterns

CONDITIONS: Final[dict[str, LiteralString]] = {
    "q": "sought like all(%b::text[])",
    "in_stock": "in_stock = %b",
    "currency": "currency = %b",
    "min_price": "amount >= %b::bigint",
    "max_price": "amount <= %b::bigint",
}


async def run(run: Run) -> Done:
    """Those that are not removed."""
    return await export(run, PRODUCT_SHEET, lambda: selection(run.job.parameters["filters"]))


def selection(filters: dict[str, Any]) -> Selection:
    """All of it must hold."""
    where: LiteralString = "not removed"
    for name in filters:
        where = f"{where} and {CONDITIONS[name]}"
    return where, [patterns(same_name(value)) if name == "q" else value for name, value in filters.items()]
