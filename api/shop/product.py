"""One product: read by anybody; added, changed and removed by those who run the shop."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.shared.access import PUBLIC
from api.shared.bodies import Body
from api.shared.catalogue import FRESH, for_everybody
from api.shared.commanding import carry_out, carry_out_silently, if_match, if_match_beside
from api.shared.parts import parts
from api.shared.request import Req
from api.shared.routing import change, command, query, remove, replace
from api.shop.views import ALL, ONE, ProductView, product_is_there, product_view
from application.shop.product import AddProduct, EditProduct, RemoveProduct
from domain.shared import money
from domain.shared.money import Money
from domain.shared.refused import NotFound
from domain.shop.events import ProductFields
from domain.shop.product import DESCRIPTION, NAME
from domain.shop.stock import MOST
from projections.shared.reading import Freshness
from projections.shop.products import PRODUCT_CACHE, PRODUCTS

Name = Annotated[str, Meta(min_length=1, max_length=NAME, examples=["White hanging heart T-light holder"])]
Description = Annotated[str, Meta(max_length=DESCRIPTION)]
Pieces = Annotated[int, Meta(ge=0, le=MOST)]


class Price(Body, frozen=True, kw_only=True):
    """An amount in minor units (339 of GBP is £3.39). Without a currency: that of the shop, or the one the product has."""

    further_rules: ClassVar[dict[str, Any]] = {"allOf": [{"properties": {"currency": {"enum": [*sorted(money.CURRENCIES), None]}}}]}

    amount: Annotated[int, Meta(ge=0, le=money.MOST, examples=[339])]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["GBP"])] | None = None


class NewProduct(Body, frozen=True, kw_only=True):
    """A product to sell; its name is the only one among those that are sold, in whatever case."""

    name: Name
    description: Description | None = None
    price: Price
    quantity: Pieces = 0
    low_stock_level: Pieces | UnsetType | None = UNSET
    """From how many free pieces down administrators are told; null: never; left out: as the settings say."""


class ProductChanges(Body, frozen=True, kw_only=True):
    """A JSON merge patch (RFC 7396): what is left out stays, null clears. `quantity`: so many are to be free. Orders that were placed keep
    what the product said before.
    """

    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    price: Price | UnsetType = UNSET
    quantity: Pieces | UnsetType = UNSET
    low_stock_level: Pieces | UnsetType | None = UNSET


@query(ONE, needs=PUBLIC, answers=ProductView, tags=["shop"], dependencies=FRESH)
async def get_product(request: Req, product_id: FromPath[UUID], fresh: NamedDependency[Freshness]) -> Response[bytes]:
    """Read a product, as new as its newest event."""
    seen = await parts(request).twins.one(PRODUCT_CACHE, PRODUCTS, product_id, fresh)
    if seen.row is None or seen.row.removed:
        raise NotFound
    tag = f'"{seen.row.version}.{seen.row.stock_version}"'
    return for_everybody(request, product_view(seen.row), tag, position=seen.position, stale=seen.stale)


@command(ALL, needs="products:write", status=201, answers=ProductView, tags=["shop"])
async def add_product(request: Req, data: JSONBody[NewProduct]) -> Response[bytes]:
    """Sell something new; its stock begins with `quantity` pieces."""
    fields = ProductFields(name=data.name, description=data.description or "", price=_money(data.price))
    wish = AddProduct(fields=fields, quantity=data.quantity, low_stock_level=data.low_stock_level)
    return await carry_out(request, wish, ProductView, status=201, location=f"{ALL}/")


@change(ONE, needs="products:write", answers=ProductView, tags=["shop"], exists=product_is_there)
async def edit_product(request: Req, product_id: FromPath[UUID], data: JSONBody[ProductChanges]) -> Response[bytes]:
    """Change some of what a product says, or how many of it are free. The second number of an `If-Match` counts where `quantity` is changed."""
    return await _edit(request, product_id, data)


@replace(ONE, needs="products:write", answers=ProductView, tags=["shop"], exists=product_is_there)
async def put_product(request: Req, product_id: FromPath[UUID], data: JSONBody[ProductChanges]) -> Response[bytes]:
    """Change some of what a product says, or how many of it are free (PUT means the same as PATCH)."""
    return await _edit(request, product_id, data)


async def _edit(request: Req, product_id: UUID, data: ProductChanges) -> Response[bytes]:
    description = "" if data.description is None else data.description
    changes = ProductFields(name=data.name, description=description, price=UNSET if data.price is UNSET else _money(data.price))
    wish = EditProduct(
        product_id=product_id,
        changes=changes,
        quantity=data.quantity,
        low_stock_level=data.low_stock_level,
        if_match=if_match(request),
        if_stock_match=None if data.quantity is UNSET else if_match_beside(request),
    )
    return await carry_out(request, wish, ProductView)


@remove(ONE, needs="products:write", tags=["shop"], exists=product_is_there)
async def delete_product(request: Req, product_id: FromPath[UUID]) -> Response[None]:
    """Sell it no more; its name is free, and what is held of it for orders stays held."""
    return await carry_out_silently(request, RemoveProduct(product_id=product_id, if_match=if_match(request)))


def _money(price: Price) -> Money:
    return Money(price.amount, price.currency or "")
