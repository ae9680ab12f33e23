"""Replacing the master key: every entry of the vault is sealed with the newest one, in batches, while the system runs."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from infra.security.sealing import AesSealing, Unsealable

BATCH: Final = 500
Moved = Callable[[int], None]
PAGE: Final = "select kind, id, sealed from vault where (kind, id) > (%b, %b) order by kind, id limit %b"
REPLACE: Final = "select daybook.reseal(%b, %b, %b, %b)"


class Resealed(msgspec.Struct):
    """How many entries were sealed anew, and which (kind and id) no master key opens."""

    replaced: int = 0
    unopened: set[tuple[str, UUID]] = msgspec.field(default_factory=set)


async def count(connection: AsyncConnection[Any]) -> int:
    """How many entries there are."""
    row = await (await connection.execute("select count(*) from vault")).fetchone()
    return int(row[0]) if row else 0


async def reseal(connection: AsyncConnection[Any], sealing: AesSealing, moved: Moved = lambda _: None) -> Resealed:
    """Go through the vault until a whole round finds nothing old: other processes may still have been sealing with the key before.

    `moved` is told how many entries of the first round were looked at. Interrupted, it goes on where it was the next time: what is
    sealed with the newest key is left alone. An entry that was changed meanwhile is seen in the next round.
    """
    done = Resealed()
    while await _round(connection, sealing, done, moved):
        moved = _nothing
    return done


async def _round(connection: AsyncConnection[Any], sealing: AesSealing, done: Resealed, moved: Moved) -> bool:
    found, last = False, ("", UUID(int=0))
    while rows := await (await connection.execute(PAGE, (*last, BATCH), binary=True)).fetchall():
        last = rows[-1][:2]
        renewed = [(*row, fresh) for row in rows if (fresh := _renewed(sealing, done, *row)) is not None]
        if renewed:
            found = True
            row = await (await connection.execute(REPLACE, tuple(map(list, zip(*renewed, strict=True))))).fetchone()
            done.replaced += int(row[0]) if row else 0
        moved(len(rows))
    return found


def _renewed(sealing: AesSealing, done: Resealed, kind: str, entry_id: UUID, sealed: bytes) -> bytes | None:
    try:
        return sealing.renewed(kind, entry_id, sealed)
    except Unsealable:
        done.unopened.add((kind, entry_id))
        return None


def _nothing(_: int) -> None:
    """Further rounds are not shown."""
