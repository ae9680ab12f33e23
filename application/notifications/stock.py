"""What administrators are told about products: that few are left of one, once each time that happens."""

from uuid import UUID

from application.notifications.telling import News, tell
from application.shared.command import Command, handles
from application.shared.ports import Ports
from application.shared.reaction import reacts
from domain.identity.admins import ADMINS, Admins
from domain.notifications.kind import Kind
from domain.shared.event import Recorded
from domain.shop.events import StockRanLow
from domain.shop.product import Product


class NotifyOfStock(Command, frozen=True):
    """Tell every administrator that so few of a product are free, where `level` or fewer is low."""

    product_id: UUID
    available: int
    level: int


@handles(NotifyOfStock)
async def notify_of_stock(command: NotifyOfStock, ports: Ports) -> None:
    """As news of the system; not of what is not sold any more."""
    product = await ports.log.load(Product, command.product_id)
    if not product.exists:
        return
    facts = {"product_id": product.id, "available": command.available, "level": command.level}
    news = News(kind=Kind.SYSTEM, title=f"Few are left: {product.name}", change="stock_low", facts=facts)
    await tell(ports, (await ports.log.load(Admins, ADMINS)).appointed, news)


@reacts("notifications.stock", StockRanLow)
def stock(recorded: Recorded[StockRanLow]) -> list[Command]:
    """The stock itself says it once for each time it falls to its level."""
    event = recorded.event
    return [NotifyOfStock(product_id=event.product_id, available=event.available, level=event.level)]
