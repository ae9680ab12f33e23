"""Products in files: as their list shows them; in CSV a price is minor units, with the currency beside it."""

from typing import Final

import msgspec

from api.shop.views import product_view
from domain.shared.money import Money
from infra.jobs.sheet import Column, Sheet, minute, moment, text
from projections.shop.products import PRODUCTS, ProductRow

_json: Final = msgspec.json.Encoder().encode


def _line(row: ProductRow) -> bytes:
    return _json(product_view(row)) + b"\n"


PRODUCT_SHEET: Final = Sheet(
    noun="products",
    model=PRODUCTS,
    cells={
        "id": lambda row: text(row.id),
        "name": lambda row: row.name,
        "description": lambda row: row.description,
        "price": lambda row: text(row.amount),
        "currency": lambda row: row.currency,
        "quantity": lambda row: text(row.quantity),
        "created_at": lambda row: moment(row.created_at),
        "updated_at": lambda row: moment(row.updated_at),
        "version": lambda row: text(row.version),
    },
    line=_line,
    paper=(
        Column("Name", 120.0, lambda row: row.name),
        Column("Price", 42.0, lambda row: str(Money(row.amount, row.currency))),
        Column("Free", 25.0, lambda row: str(row.quantity)),
        Column("Changed", 32.0, lambda row: minute(row.updated_at)),
        Column("Id", 26.0, lambda row: str(row.id)[-12:]),
    ),
)
