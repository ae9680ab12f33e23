"""The catalogue: all products, or those that are sought, for anybody."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from api.shared.access import PUBLIC
from api.shared.catalogue import FRESH, for_everybody, has, headers, unchanged
from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from api.shared.querying import FROM_ZERO, Cursor, Limit, Page, read_cursor, streamed, with_link, write_cursor
from api.shared.request import Req
from api.shared.routing import query
from api.shop.views import ALL, ProductView, product_view
from domain.shared import money
from domain.shop.product import same_name
from projections.shared.reading import Freshness
from projections.shared.scan import Part
from projections.shop.product_search import ORDERS, Order, Place, Sought, part
from projections.shop.products import CATALOGUE, CHANGES, PRODUCTS, ProductRow

STREAMED: Final = 1000
Text = Annotated[
    str | None,
    QueryParameter(
        min_length=1,
        max_length=200,
        pattern=r"^\s*(\S+(\s+|$)){0,8}$",
        description="Every word of it, at most eight, stands in name or description, in any case.",
    ),
]
MinorUnits = Annotated[
    int | None,
    QueryParameter(ge=0, le=money.MOST, schema_extra=FROM_ZERO, description="In minor units, of any currency unless one is named."),
]
Currency = Annotated[str | None, QueryParameter(pattern="^[A-Z]{3}$", description="ISO 4217.")]
Sort = Annotated[Literal["newest", "name", "-name", "price", "-price"], QueryParameter(description="`-` in front: from the other end.")]


class Asked(msgspec.Struct, frozen=True):
    """What is sought and in which order."""

    sought: Sought
    word: str
    limit: int | None
    cursor: str | None

    @property
    def order(self) -> Order:
        """The order the word means."""
        return ORDERS[self.word]


def asked(
    q: Text = None,
    min_price: MinorUnits = None,
    max_price: MinorUnits = None,
    in_stock: FromQuery[bool | None] = None,
    currency: Currency = None,
    sort: Sort = "newest",
    limit: Limit = None,
    cursor: Cursor = None,
) -> Asked:
    """The parameters of the list."""
    return Asked(Sought(q, min_price, max_price, in_stock, currency), sort, limit, cursor)


@query(ALL, needs=PUBLIC, answers=Page[ProductView], tagged=True, tags=["shop"], dependencies=FRESH | {"how": Provide(asked, sync_to_thread=False)})
async def list_products(request: Req, fresh: NamedDependency[Freshness], how: NamedDependency[Asked]) -> Response[bytes] | Stream:
    """Products that are sold, newest first unless `sort` says otherwise; all of them where no `limit` is given.

    The answer shows everything that was written before it was asked for, whoever wrote it.
    """
    tables = parts(request).tables
    sums, position, stale = await tables.sums(PRODUCTS, [CATALOGUE], fresh)
    tag = f'W/"{PRODUCTS.table}.{sums[CATALOGUE].get(CHANGES, 0)}"'
    if has(request, tag):
        return unchanged(headers(request, tag, position=position, stale=stale))
    return await _answer(request, how, fresh, tag)


async def _answer(request: Req, how: Asked, fresh: Freshness, tag: str) -> Response[bytes] | Stream:
    first = await _part(request, how, fresh, _beginning(request, how))
    stale = first.seen.stale
    if how.limit is None and first.following is not None:
        told = headers(request, tag, position=first.seen.position, stale=stale)
        most = parts(request).rules.list_unbounded_max
        return streamed(_all(request, how, first), lambda view: _cursor(request, how, _place(how, view)), most, first.seen.position, told)
    following = None if first.following is None else _cursor(request, how, first.following)
    shown = Page([product_view(row) for row in first.rows], following, first.seen.incomplete)
    return with_link(request, for_everybody(request, shown, tag, position=first.seen.position, stale=stale), following)


async def _all(request: Req, how: Asked, now: Part[ProductRow, Place]) -> AsyncIterator[Sequence[ProductView]]:
    yield [product_view(row) for row in now.rows]
    while now.following is not None:
        now = await _part(request, how, Freshness(allow_stale=True), now.following)
        yield [product_view(row) for row in now.rows]


async def _part(request: Req, how: Asked, fresh: Freshness, after: Place | None) -> Part[ProductRow, Place]:
    return await part(parts(request).tables, how.sought, how.order, fresh, limit=how.limit or STREAMED, after=after)


def _beginning(request: Req, how: Asked) -> Place | None:
    found = read_cursor(request, how.cursor, tuple[str, str | int, UUID])
    if found is None:
        return None
    word, value, product_id = found
    if word != how.word:
        raise BodyRefused([FieldError("cursor", "invalid_cursor", "this is a cursor of another order")], 400, "invalid_cursor")
    return value, product_id


def _cursor(request: Req, how: Asked, place: Place) -> str:
    return write_cursor(request, how.word, *place)


def _place(how: Asked, view: ProductView) -> Place:
    match how.order.column:
        case "sort_name":
            return same_name(view.name), view.id
        case "amount":
            return view.price.amount, view.id
    return 0, view.id
