"""What comes into the stock of a product, and what was counted wrong."""

from uuid import UUID

import msgspec

from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from application.shop.product import existing
from domain.shop.stock import Stock, stock_id


class ReceiveStock(Command, frozen=True):
    """So many more came."""

    product_id: UUID
    quantity: int
    reason: str = ""


class AdjustStock(Command, frozen=True):
    """There are more, or fewer (negative), than was thought."""

    product_id: UUID
    delta: int
    reason: str


class StockLevel(msgspec.Struct, frozen=True):
    """How many there are of a product: what commands about its stock leave behind."""

    id: UUID
    version: int
    on_hand: int
    reserved: int
    available: int
    low_stock_level: int | None


@handles(ReceiveStock)
async def receive_stock(command: ReceiveStock, ports: Ports) -> StockLevel:
    """Raises `InsufficientRole`, `NotFound`, `Invalid`."""
    must(ports.caller, "products:write")
    product = await existing(ports, command.product_id)
    stock = await ports.log.change(Stock, stock_id(product.id), lambda stock: stock.receive(command.quantity, command.reason, ports.now))
    return _level(stock, ports)


@handles(AdjustStock)
async def adjust_stock(command: AdjustStock, ports: Ports) -> StockLevel:
    """Raises `InsufficientRole`, `NotFound`, `Invalid`, `InsufficientStock`."""
    must(ports.caller, "products:write")
    product = await existing(ports, command.product_id)
    stock = await ports.log.change(Stock, stock_id(product.id), lambda stock: stock.adjust(command.delta, command.reason, ports.now))
    return _level(stock, ports)


def _level(stock: Stock, ports: Ports) -> StockLevel:
    free = stock.available(ports.now)
    return StockLevel(stock.product_id, stock.version, stock.on_hand, stock.on_hand - free, free, stock.low_level)
