"""Going through the books of a running system: the log, part by part, and the sums and every posting that are served."""

from collections.abc import Iterator
from typing import Final

import msgspec

from infra.projection.bulk_read import STREAM, BulkReader, decoder
from infra.projection.live_rows import served
from infra.projection.verify import Verified, verify
from infra.projection.watch import Watch
from infra.projection.workshop import Workshop, in_thread, workshop
from infra.reconciliation.books import LISTENER, Books, differences
from infra.reconciliation.discrepancy import Discrepancy
from infra.reconciliation.parts import AT_ONCE, parts
from infra.settings import Settings
from projections.payments.ledger import LEDGER, SUMS, TrialBalance, balance

TELLS: Final = "orders.progress"
"""The reaction that tells orders what became of their money."""


class LedgerReport(msgspec.Struct, frozen=True):
    """What was found, up to a position of the log."""

    position: int
    orders: int
    payments: int
    under_way: int
    balance: TrialBalance
    wrong: list[Discrepancy]

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


async def reconcile(settings: Settings, watch: Watch | None = None, at_once: int = AT_ONCE) -> LedgerReport:
    """Read everything about money again. Raises `NoSuchBuild`, `Moved`, `Stopped`."""
    watch = watch or Watch()
    async with workshop(settings) as tools:
        at, shown = await served_sums(tools)
        tended = await tools.tended(TELLS)
        told = await in_thread(lambda: _read(settings, Stand(at, tended, shown), watch, at_once), watch)
    postings = _postings(await verify(settings, LEDGER, watch))
    return msgspec.structs.replace(told, wrong=[*told.wrong, *postings])


async def served_sums(tools: Workshop) -> tuple[int, dict[str, int]]:
    """The sums that are served, and where they stand; raises `NoSuchBuild`."""
    at, sums = await (await served(tools, LEDGER)).sums()
    return at, {name: number for (group, name), number in sums.items() if group == SUMS}


def _postings(rows: Verified) -> Iterator[Discrepancy]:
    """Those that are served otherwise than the log says, also where the sums are as they were; the first are named."""
    for one in rows.differences:
        yield Discrepancy(f"posting {one.key}", msgspec.json.encode(one.what).decode())
    if rows.differing > len(rows.differences):
        yield Discrepancy("postings", f"{rows.differing:,} differ in all")


class Stand(msgspec.Struct, frozen=True):
    """Where the served sums stand, with these; and up to where orders were told."""

    at: int
    tended: int
    shown: dict[str, int]


def _read(settings: Settings, stand: Stand, watch: Watch, at_once: int) -> LedgerReport:
    sums, wrong = dict[str, int](), list[Discrepancy]()
    orders = payments = under_way = 0
    decode = decoder(LISTENER)
    with BulkReader(settings.database_url) as reader:
        head = reader.head().position  # A whole number of appends, and all that those who tell orders had done by then.
        for part in parts(reader, head, at_once):
            watch.check()
            books, rows = Books(stand.at), watch.step(part.nth * head, part.of * head).over(reader.raw(LISTENER, 0, head), "reading", head)
            mine = (row for row in rows if part.has(bytes(row[STREAM])))
            books.read(decode(mine))
            wrong += books.judged(stand.tended, watch)
            for name, number in books.sums.items():
                sums[name] = sums.get(name, 0) + number
            orders, payments, under_way = orders + books.counts[0], payments + books.counts[1], under_way + books.under_way
    return LedgerReport(head, orders, payments, under_way, balance(sums, stand.at), wrong + differences(sums, stand.shown))
