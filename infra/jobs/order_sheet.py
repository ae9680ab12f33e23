"""Orders in files: as their lists show them; in CSV an amount is minor units, with the currency beside it, and the products are JSON."""

from typing import Any, Final

import msgspec

from api.orders.views import order_view
from domain.shared.money import Money
from infra.jobs.sheet import Column, Sheet, minute, moment, raw, text
from projections.orders.orders import ORDERS, OrderRow

_json: Final = msgspec.json.Encoder().encode


def _line(row: OrderRow) -> bytes:
    return _json(order_view(row)) + b"\n"


def _first(row: OrderRow) -> str:
    lines: list[dict[str, Any]] = msgspec.json.decode(row.lines)
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return f"{lines[0]['quantity']} x {lines[0]['name']}{more}"


ORDER_SHEET: Final = Sheet(
    noun="orders",
    model=ORDERS,
    cells={
        "id": lambda row: text(row.id),
        "customer_id": lambda row: text(row.customer_id),
        "status": lambda row: row.status,
        "status_message": lambda row: row.status_message,
        "reason": lambda row: row.reason,
        "payment_status": lambda row: row.payment_status,
        "fulfilment_status": lambda row: row.fulfilment_status,
        "total_amount": lambda row: text(row.total),
        "refunded_amount": lambda row: text(row.refunded),
        "currency": lambda row: row.currency,
        "products": lambda row: raw(row.lines),
        "placed_at": lambda row: moment(row.placed_at),
        "updated_at": lambda row: moment(row.updated_at),
        "version": lambda row: text(row.version),
    },
    line=_line,
    paper=(
        Column("Order", 105.0, _first),
        Column("Status", 24.0, lambda row: row.status),
        Column("Payment", 24.0, lambda row: row.payment_status),
        Column("Goods", 24.0, lambda row: row.fulfilment_status),
        Column("Total", 42.0, lambda row: str(Money(row.total, row.currency))),
        Column("Placed", 32.0, lambda row: minute(row.placed_at)),
        Column("Id", 26.0, lambda row: str(row.id)[-12:]),
    ),
)
