"""The products of the shop: which are there, and adding those that are not."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from domain.shared.money import Money
from infra.demo.people import People
from infra.demo.shop.step import CURRENCY, Goods
from infra.demo.step import ADMIN
from infra.local.state import LocalProblem

PRODUCTS = "/api/v1/products"


class Shelf(msgspec.Struct, frozen=True):
    """A product as the shop shows it."""

    id: UUID
    price: Money
    description: str


class _Page(msgspec.Struct, frozen=True):
    items: list[Shelf]
    next_cursor: str | None


async def read_shelves(people: People, goods: Iterable[Goods], position: int) -> dict[str, Shelf]:
    """Those of the file that are there, by their stock codes, at this position of the log or later."""
    there, query = dict[str, Shelf](), {"limit": "200", "min_position": str(position)}
    while True:
        answer = await people.ask(ADMIN, "GET", PRODUCTS, query=query)
        if not answer.ok:
            raise LocalProblem(f"the products cannot be listed: {answer.problem.code}, {answer.problem.detail}")
        page: _Page = answer.read(_Page)
        there |= {shelf.description: shelf for shelf in page.items}
        if page.next_cursor is None:
            return {one.code: there[one.description] for one in goods if one.description in there}
        query["cursor"] = page.next_cursor


async def add_product(people: People, one: Goods) -> Shelf | str:
    """Put a product on a shelf, with its opening stock; or why the shop refused it."""
    price = {"amount": one.price, "currency": CURRENCY}
    body = {"name": one.name, "description": one.description, "price": price, "quantity": one.stock}
    answer = await people.ask(ADMIN, "POST", PRODUCTS, body=body, key=f"demo/shop/product/{one.code}")
    if answer.ok:
        shelf: Shelf = answer.read(Shelf)
        return shelf
    return f"the shop refused the product: {answer.problem.code}, {answer.problem.detail}"
