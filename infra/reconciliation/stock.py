"""Taking stock of a running system: what is served of each product against the log, and what is held and sold against the orders."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from domain.shared.event import Recorded
from infra.projection.bulk_read import BulkReader, decoder
from infra.projection.live_rows import LiveRows, served
from infra.projection.verify import SLICE, Moved
from infra.projection.watch import Watch
from infra.projection.workshop import in_thread, workshop
from infra.reconciliation import goods, shelves
from infra.reconciliation.discrepancy import Discrepancy
from infra.reconciliation.parts import AT_ONCE, parts
from infra.settings import Settings
from projections.shop.products import PRODUCTS, ProductRow

RELEASES: Final = "shop.reservations"
"""The reaction that lets go of what nobody wants any more."""


class StockReport(msgspec.Struct, frozen=True):
    """What was found, up to a position of the log; in pieces, of all products."""

    position: int
    products: int
    on_hand: int
    reserved: int
    committed: int
    orders: int
    under_way: int
    wrong: list[Discrepancy]

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


async def reconcile(settings: Settings, watch: Watch | None = None, at_once: int = AT_ONCE) -> StockReport:
    """Read everything about stock again. Raises `NoSuchBuild`, `Damaged`, `Moved`, `Stopped`."""
    watch = watch or Watch()
    async with workshop(settings) as tools:
        rows, tended = await served(tools, PRODUCTS), await tools.tended(RELEASES)
        with BulkReader(settings.database_url) as reader:
            counted = await _shelves(reader, rows, watch)
            head = reader.head().position  # A whole number of appends, where a read model may stand in the midst of one.
            orders, under_way, wrong = await in_thread(lambda: _goods(reader, head, tended, watch, at_once), watch)
    all_of_it = counted.of.values()
    return StockReport(
        position=head,
        products=len(all_of_it),
        on_hand=sum(shelf.on_hand for shelf in all_of_it),
        reserved=sum(shelf.reserved for shelf in all_of_it),
        committed=sum(shelf.committed for shelf in all_of_it),
        orders=orders,
        under_way=under_way,
        wrong=counted.judged() + wrong,
    )


async def _shelves(reader: BulkReader, rows: LiveRows, watch: Watch) -> shelves.Shelves:
    """All products, each compared at the position at which it was seen."""
    counted, decode, (at, _) = shelves.Shelves(), decoder(shelves.LISTENER), await rows.sums()

    def read(after: int, last: int) -> None:
        counted.read(decode(watch.over(reader.raw(shelves.LISTENER, after, last), "counting", last - after)))

    await in_thread(lambda: read(0, at), watch)
    wanted: dict[Any, None] = dict.fromkeys(counted.of)
    async for page in rows.keys():
        wanted |= dict.fromkeys(page)
    keys: list[UUID] = list(wanted)
    for start in range(0, len(keys), SLICE):
        watch.check()
        some = keys[start : start + SLICE]
        seen, found = await rows.snapshot(some)
        if seen < at:
            raise Moved("products went back to an earlier position meanwhile: try again")
        if seen > at:
            await asyncio.to_thread(read, at, seen)
        at = seen
        counted.compare(some, cast("dict[UUID, ProductRow]", found))
    return counted


def _goods(reader: BulkReader, head: int, tended: int, watch: Watch, at_once: int) -> tuple[int, int, list[Discrepancy]]:
    orders, under_way, wrong, decode = 0, 0, list[Discrepancy](), decoder(goods.LISTENER)
    for part in parts(reader, head, at_once):
        watch.check()
        some, here = goods.Goods(part), watch.step(part.nth * head, part.of * head)
        events: Iterable[Recorded[Any]] = decode(here.over(reader.raw(goods.LISTENER, 0, head), "reading", head))
        some.read(events)
        wrong += some.judged(tended, watch)
        orders, under_way = orders + some.orders, under_way + some.under_way
    return orders, under_way, wrong
