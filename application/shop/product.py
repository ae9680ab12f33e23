"""Adding, editing and removing products; their stock begins with them."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from application.shared.preconditions import must_be_version
from application.shop.policy import policy
from domain.shared.conflicts import NameTaken
from domain.shared.event import Event
from domain.shared.money import Money
from domain.shared.refused import NotFound
from domain.shop.events import ProductFields
from domain.shop.product import Product, same_name
from domain.shop.stock import Stock, stock_id

CLAIM = "product.name"


class StockedProduct(msgspec.Struct, frozen=True):
    """A product with how many of it are free: what commands about products leave behind."""

    id: UUID
    version: int
    stock_version: int
    name: str
    description: str
    price: Money
    quantity: int
    created_at: datetime | None
    updated_at: datetime | None


class AddProduct(Command, frozen=True):
    """Sell something new, of which there are so many."""

    fields: ProductFields
    quantity: int = 0
    low_stock_level: int | UnsetType | None = UNSET


class EditProduct(Command, frozen=True):
    """Change some of what a product says, and how many of it are free."""

    product_id: UUID
    changes: ProductFields
    quantity: int | UnsetType = UNSET
    low_stock_level: int | UnsetType | None = UNSET
    if_match: int | None = None
    if_stock_match: int | None = None


class RemoveProduct(Command, frozen=True):
    """Sell it no more."""

    product_id: UUID
    if_match: int | None = None


@handles(AddProduct)
async def add_product(command: AddProduct, ports: Ports) -> StockedProduct:
    """Raises `InsufficientRole`, `Invalid`, `NameTaken`."""
    must(ports.caller, "products:write")
    fresh = Product(id=ports.new_id())
    product = ports.log.stage(fresh, *fresh.add(_priced(command.fields, policy(ports).shop_currency), ports.now))
    ports.log.claim(CLAIM, same_name(product.name), product.id, NameTaken)
    stock = Stock(id=stock_id(product.id))
    usual = policy(ports).low_stock_level or None
    level = usual if command.low_stock_level is UNSET else command.low_stock_level
    facts = stock.in_turn(lambda stock: stock.open(product.id, command.quantity, ports.now), lambda stock: stock.set_low_level(level, ports.now))
    return _stocked(product, ports.log.stage(stock, *facts), ports)


@handles(EditProduct)
async def edit_product(command: EditProduct, ports: Ports) -> StockedProduct:
    """Raises `InsufficientRole`, `NotFound`, `PreconditionFailed`, `Invalid`, `NameTaken`."""
    must(ports.caller, "products:write")
    before = await existing(ports, command.product_id, command.if_match)
    product = ports.log.stage(before, *before.edit(_priced(command.changes, before.price.currency), ports.now))
    if same_name(product.name) != same_name(before.name):
        ports.log.release(CLAIM, same_name(before.name))
        ports.log.claim(CLAIM, same_name(product.name), product.id, NameTaken)
    quantity, level = command.quantity, command.low_stock_level

    def restock(stock: Stock) -> list[Event]:
        return stock.in_turn(
            lambda stock: [] if level is UNSET else stock.set_low_level(level, ports.now),  # First: by it the quantity is low, or is not.
            lambda stock: [] if quantity is UNSET else stock.set_available(quantity, ports.now),
        )

    return _stocked(product, await ports.log.change(Stock, stock_id(product.id), restock, if_match=command.if_stock_match), ports)


@handles(RemoveProduct)
async def remove_product(command: RemoveProduct, ports: Ports) -> Product:
    """Raises `InsufficientRole`, `NotFound` (also the second time), `PreconditionFailed`."""
    must(ports.caller, "products:write")
    product = await ports.log.change(Product, command.product_id, lambda product: product.remove(ports.now), if_match=command.if_match)
    ports.log.release(CLAIM, same_name(product.name))
    return product


async def existing(ports: Ports, product_id: UUID, if_match: int | None = None) -> Product:
    """A product that is sold; raises `NotFound`, `PreconditionFailed`."""
    product = await ports.log.load(Product, product_id)
    if not product.exists:
        raise NotFound
    must_be_version(product.version, if_match)
    return product


def _priced(fields: ProductFields, currency: str) -> ProductFields:
    """The same, with this currency where the price names none."""
    if fields.price is UNSET or fields.price.currency:
        return fields
    return msgspec.structs.replace(fields, price=Money(fields.price.amount, currency))


def _stocked(product: Product, stock: Stock, ports: Ports) -> StockedProduct:
    return StockedProduct(
        id=product.id,
        version=product.version,
        stock_version=stock.version,
        name=product.name,
        description=product.description,
        price=product.price,
        quantity=stock.available(ports.now),
        created_at=product.created_at,
        updated_at=product.updated_at,
    )
