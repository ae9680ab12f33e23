"""The row of a product: as new as both of its streams, whatever happens to them."""

from datetime import timedelta
from uuid import UUID

from domain.shared.event import Recorded
from domain.shared.money import Money
from domain.shop.events import ProductFields
from domain.shop.product import Product
from domain.shop.stock import Stock, stock_id
from projections.shop.products import PRODUCTS
from tests.scenario import NOON, folded

LAMP, HELD, ORDER = UUID(int=1), UUID(int=2), UUID(int=3)


def test_an_etag_that_was_just_read_names_the_present_stock_also_while_an_order_is_being_paid():
    product, stock = Product(id=LAMP), Stock(id=stock_id(LAMP))
    added = product.add(ProductFields(name="Lamp", description="", price=Money(339, "GBP")), NOON)
    moved = stock.in_turn(
        lambda stock: stock.open(LAMP, 5, NOON),
        lambda stock: stock.reserve(HELD, ORDER, 2, NOON + timedelta(minutes=15), NOON),
        lambda stock: stock.secure(HELD, NOON),
    )
    recorded = [Recorded(1, LAMP, 1, added[0], None, NOON)]
    recorded += [Recorded(1 + nth, stock.id, nth, event, None, NOON) for nth, event in enumerate(moved, 1)]
    assert folded(PRODUCTS, recorded)[LAMP].stock_version == stock.after(*moved).version
