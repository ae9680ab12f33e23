"""How products are shown."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from api.shared.parts import parts
from api.shared.request import Req
from domain.shared.money import Money
from domain.shared.refused import NotFound
from domain.shop.product import Product
from projections.shop.products import ProductRow

ALL = "/api/v1/products"
ONE = "/api/v1/products/{product_id:uuid}"


class ProductView(msgspec.Struct, frozen=True):
    """A product. `quantity`: how many are free, which are those on hand but not held for orders. After a command also `position`.

    `version` counts what it says of itself, `stock_version` what happened to its stock; its ETag is both, with a dot.
    """

    id: UUID
    version: int
    stock_version: int
    name: str
    description: str
    price: Money
    quantity: Annotated[int, Meta(ge=0)]
    created_at: datetime
    updated_at: datetime


def product_view(row: ProductRow) -> ProductView:
    """A row as it is shown."""
    return ProductView(
        id=row.id,
        version=row.version,
        stock_version=row.stock_version,
        name=row.name,
        description=row.description,
        price=Money(row.amount, row.currency),
        quantity=row.quantity,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def product_is_there(request: Req) -> None:
    """Raises `NotFound` unless the product the address names is sold."""
    product, _ = await parts(request).log.load(Product, request.path_params["product_id"])
    if not product.exists:
        raise NotFound
