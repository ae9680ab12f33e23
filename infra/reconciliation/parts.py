"""Judging orders by the log: with very many of them it is read in parts, so that only the state of some is in memory at a time."""

from typing import Final

import msgspec

from infra.projection.bulk_read import BulkReader

AT_ONCE: Final = 200_000
"""Orders whose state is in memory at once: about half a gigabyte."""
RANDOM: Final = slice(6, 12)
"""Bytes of a stream's id that are the same for an order and all that stands beside it, and differ between orders (UUIDv7)."""


class Part(msgspec.Struct, frozen=True):
    """Some of the orders."""

    nth: int = 0
    of: int = 1

    def has(self, stream_id: bytes) -> bool:
        """Whether this order, or what stands beside one, belongs to it."""
        return self.of == 1 or int.from_bytes(stream_id[RANDOM], "big") % self.of == self.nth


def parts(reader: BulkReader, at: int, at_once: int = AT_ONCE) -> list[Part]:
    """All orders up to a position, about so many in each part."""
    row = reader.connection.execute("select count(*) from events where type = 'order.placed' and position <= %s", (at,)).fetchone()
    number = max(1, -(-(row[0] if row else 0) // at_once))
    return [Part(nth, number) for nth in range(number)]
