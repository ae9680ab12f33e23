"""Products with how many of each there are: one fold, kept in PostgreSQL for lists and in Redis for the single product.

Both follow the log, so neither is ever filled by who asks: nothing expires, and no crowd of readers can miss it at once.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import asdict, replace

from domain.shared.event import Recorded
from domain.shop import events as e
from domain.shop.product import same_name
from domain.shop.stock import stock_id
from projections.shared.read_model import Groups, ReadModel, Row, read_model

STOCK: Final = (
    e.StockReceived,
    e.StockAdjusted,
    e.StockReserved,
    e.StockSecured,
    e.StockReleased,
    e.StockCommitted,
    e.StockReturned,
    e.LowLevelSet,
    e.StockRanLow,
)
KINDS: Final = (e.ProductAdded, e.ProductEdited, e.ProductRemoved, *STOCK)
CATALOGUE: Final = "catalogue"
CHANGES: Final = "changes"


class ProductRow(Row, frozen=True, gc=False):
    """A product and its stock; `amount` in minor units. `sort_name` is its name as it is sorted, `sought` all text as it is searched.

    Removed ones keep their row, since what is held of them for orders stays held; queries leave them out.
    """

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    """When what it says of itself changed last."""
    stock_version: int = 0
    name: str = ""
    sort_name: str = ""
    description: str = ""
    sought: str = ""
    amount: int = 0
    currency: str = ""
    on_hand: int = 0
    reserved: int = 0
    quantity: int = 0
    """How many are free: on hand and not reserved."""
    in_stock: bool = False
    low_level: int | None = None
    removed: bool = False


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The product, also of what happens to its stock."""
    return (recorded.event.product_id,)


def streams(product_id: UUID) -> tuple[UUID, ...]:
    """Those a row is made from."""
    return product_id, stock_id(product_id)


def fold(product_id: UUID, row: ProductRow | None, recorded: Recorded[Any]) -> ProductRow | None:
    """The row after one more event; only `product.added` makes one."""
    event = recorded.event
    if isinstance(event, e.ProductAdded):
        row = ProductRow(product_id, 0, event.at, event.at)
    if row is None:
        return None
    match event:
        case e.ProductAdded(fields=fields) | e.ProductEdited(after=fields):
            return replace(row, version=recorded.version, updated_at=event.at, **_said(row, fields))
        case e.ProductRemoved():
            return replace(row, version=recorded.version, updated_at=event.at, removed=True)
        case e.LowLevelSet(level=level):
            return replace(row, stock_version=recorded.version, low_level=level)
    on_hand, reserved = moved(event)
    on_hand, reserved = row.on_hand + on_hand, row.reserved + reserved
    free = on_hand - reserved
    return replace(row, stock_version=recorded.version, on_hand=on_hand, reserved=reserved, quantity=free, in_stock=free > 0)


def _said(row: ProductRow, fields: e.ProductFields) -> dict[str, Any]:
    given = {name: value for name, value in asdict(fields).items() if value is not UNSET}
    price = given.pop("price", None)
    if price is not None:
        given |= {"amount": price.amount, "currency": price.currency}
    name, description = given.get("name", row.name), given.get("description", row.description)
    return given | {"sort_name": same_name(name), "sought": same_name(f"{name} {description}")}


def moved(event: Any) -> tuple[int, int]:
    """How many more are on hand and how many more are reserved after something happened to a stock."""
    match event:
        case e.StockReceived(quantity=quantity) | e.StockReturned(quantity=quantity) | e.StockAdjusted(delta=quantity):
            return quantity, 0
        case e.StockReserved(quantity=quantity):
            return 0, quantity
        case e.StockReleased(quantity=quantity):
            return 0, -quantity
        case e.StockCommitted(quantity=quantity):
            return -quantity, -quantity
    return 0, 0


def contrib(row: ProductRow) -> Groups:
    """How often anything of the whole catalogue changed: two answers that were made at the same number are the same."""
    return {CATALOGUE: {CHANGES: row.version + row.stock_version}}


PRODUCTS: Final = read_model(
    ReadModel(
        name="products",
        version=2,
        store="postgres",
        row=ProductRow,
        key=("id",),
        listens=KINDS,
        keys=keys,
        fold=fold,
        contrib=contrib,
        streams=streams,
        indexes=(
            "id where not removed",
            "sort_name, id where not removed",
            "amount, id where not removed",
            "currency, amount, id where not removed",
            "id where in_stock and not removed",
            "sort_name, id where in_stock and not removed",
            "amount, id where in_stock and not removed",
        ),
    )
)
"""No index holds a quantity: what is sold all day changes no index until it is sold out."""

PRODUCT_CACHE: Final = read_model(
    ReadModel(name="product_cache", version=2, store="redis", row=ProductRow, key=("id",), listens=KINDS, keys=keys, fold=fold, streams=streams)
)
"""The same rows where the single product is read."""
