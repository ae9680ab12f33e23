"""All rows of a read model as of one position of the log, in parts: one transaction sees one moment, however long it reads."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Generic, LiteralString

import msgspec
from psycopg import AsyncConnection, IsolationLevel, sql

from domain.shared.refused import Unavailable
from infra.postgres.connections import connect
from projections.shared.read_model import R, ReadModel
from projections.shared.reading import ProjectionBehind

PART: Final = 1000
PATIENCE: Final = 60.0
"""Seconds to wait for a read model that has not come so far."""


class Snapshot(msgspec.Struct, Generic[R], frozen=True):
    """The position that is shown, how many rows fit, and the rows by key, newest first."""

    position: int
    count: int
    parts: AsyncIterator[Sequence[R]]


@asynccontextmanager
async def snapshot(url: str, model: ReadModel[R], where: LiteralString, values: Sequence[Any], *, at_least: int) -> AsyncIterator[Snapshot[R]]:
    """Look at a read model that has seen a position; raises `ProjectionBehind` where it does not come so far."""
    async with await connect(url, name="export") as connection:
        await connection.execute("set idle_in_transaction_session_timeout = '60s'")  # Between two parts the file is written.
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_autocommit(False)
        position = await _reached(connection, model, at_least)
        counted = await connection.execute(f"select count(*) from {model.table} where {where}".replace("%b", "%s"), values)
        row = await counted.fetchone()
        assert row is not None
        yield Snapshot(position, row[0], _rows(connection, model, where, values))
        await connection.rollback()


async def _reached(connection: AsyncConnection[Any], model: ReadModel[Any], at_least: int) -> int:
    until = time.monotonic() + PATIENCE
    while True:
        found = await (
            await connection.execute("select position, state from read_models where model = %s and state = 'live'", (model.table,))
        ).fetchone()
        if found is not None and found[0] >= at_least:
            return int(found[0])
        await connection.rollback()  # The next look is at another moment.
        if time.monotonic() >= until:
            raise ProjectionBehind if found else Unavailable
        await asyncio.sleep(0.1)


async def _rows(connection: AsyncConnection[Any], model: ReadModel[R], where: LiteralString, values: Sequence[Any]) -> AsyncIterator[Sequence[R]]:
    columns = sql.SQL(", ").join(map(sql.Identifier, model.row.__struct_fields__))
    query = sql.SQL("select {} from {} where {} order by {} desc").format(
        columns, sql.SQL(model.table), sql.SQL(where.replace("%b", "%s")), sql.Identifier(model.key[0])
    )
    async with connection.cursor(name="rows") as cursor:
        await cursor.execute(query, values)
        while rows := await cursor.fetchmany(PART):
            yield [model.row(*row) for row in rows]
