"""Tickets and invoices for tests, in a few words."""

import csv
import gzip
from collections.abc import Container
from decimal import Decimal
from pathlib import Path

from infra.demo.log import Line
from infra.demo.shop.invoices import FILE
from infra.demo.shop.step import Plan, pounds
from infra.demo.story import Story

A, B = "Value 1", "Value 2"


def story(*lines: tuple[str, str], seriousness: str = "Value 1") -> Story:
    return Story([
        Line(
            number=number, timestamp=f"2010-01-{number:02}T00:00:00+00:00", ticket="Case 7", activity=activity, resource=resource,
            seriousness=seriousness, customer="Value 9", product="Value 3", service_level="", service_type="", workgroup="",
        )
        for number, (activity, resource) in enumerate(lines, 2)
    ])  # fmt: skip


JUDGED = ("Assign seriousness", A)
TAKEN = ("Take in charge ticket", A)
RESOLVED = ("Resolve ticket", A)
CLOSED = ("Closed", B)


def write_invoices(path: Path, invoices: Container[str]) -> None:
    """Some invoices of the shop, as a file of their own."""
    with gzip.open(FILE, "rt", encoding="utf-8-sig", newline="") as whole, gzip.open(path, "wt", encoding="utf-8", newline="") as some:
        rows = csv.reader(whole)
        csv.writer(some).writerows([next(rows), *(row for row in rows if row[0] in invoices)])


def worth(made: Plan) -> Decimal:
    """What a plan comes to, in pounds."""
    sold, back = sum(sale.amount for sale in made.sales), sum(refund.amount for refund in made.refunds)
    return pounds(sold - back) + sum((one.amount for one in made.named), Decimal(0))
