"""The invoices of the shop as they are in the file."""

import csv
import gzip
import io
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = Path(__file__).parents[1] / "online-retail-first-10000.csv.gz"
NOTHING: Final = Decimal(0)


class InvoiceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an invoice. `number` counts the lines of the file, whose first one is the heading."""

    number: int
    invoice: str
    code: str
    description: str
    quantity: int | None
    """Pieces, negative where they came back; None where the file has no whole number."""
    price: Decimal | None
    """Of one piece, in pounds; None where the file has no number."""
    customer: str
    """Empty for whoever walked in."""

    @property
    def amount(self) -> Decimal:
        """What the line adds to the total of the file, exactly."""
        return NOTHING if self.quantity is None or self.price is None else self.quantity * self.price + NOTHING  # Not "-0.00".

    @property
    def cancels(self) -> bool:
        """Whether it takes back what another invoice sold."""
        return self.invoice.startswith("C")


def read_invoices(path: Path | None = None) -> list[InvoiceLine]:
    """All lines, in the order of the file."""
    with gzip.open(path or FILE, "rt", encoding="utf-8-sig", newline="") as file:
        return list(parse_invoices(file.read()))


def parse_invoices(text: str) -> Iterable[InvoiceLine]:
    """The lines of a CSV text with heading."""
    rows = csv.DictReader(io.StringIO(text, newline=""), restval="")
    for row in rows:
        yield InvoiceLine(
            number=rows.line_num,
            invoice=row["InvoiceNo"].strip(),
            code=row["StockCode"].strip().upper(),
            description=" ".join(row["Description"].split()),
            quantity=_whole(row["Quantity"]),
            price=_exact(row["UnitPrice"]),
            customer=row["CustomerID"].strip(),
        )


def by_invoice(lines: Iterable[InvoiceLine]) -> dict[str, list[InvoiceLine]]:
    """The lines of each invoice, invoices in the order in which they begin."""
    found: dict[str, list[InvoiceLine]] = {}
    for line in lines:
        found.setdefault(line.invoice, []).append(line)
    return found


def total(lines: Iterable[InvoiceLine]) -> Decimal:
    """Quantity × unit price of all lines, in pounds."""
    return sum((line.amount for line in lines), NOTHING)


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _exact(text: str) -> Decimal | None:
    try:
        price = Decimal(text.strip())
    except InvalidOperation:
        return None
    return price if price.is_finite() else None
