"""The call of `append` on a connection of its own: made, bounded, and the connection made anew when it is lost (A1, A7, A8)."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection

from infra.postgres.batch import APPEND, Encoded, Verdict, arguments, verdicts
from infra.postgres.database_clock import DatabaseClock

STALLED: Final = 2.5
"""Seconds after which the server is taken to be stuck: the lock time-out should have spoken by then."""
REFUSING: Final = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction, OSError)
"""Errors of a server that is gone, is going, or is not (or no longer) the primary: another try may be answered."""
WRITTEN: Final = """
select position from events where stream_id = %b and version = %b and convert_from(metadata, 'UTF8')::json->>'command_id' = %b"""


class Stuck(Exception):
    """The lock or the server could not be had in time."""


class Down(Exception):
    """The connection was lost: what was sent may have been written or not."""


class AppendCall:
    """Callable that writes one batch. Keeps one connection, and learns the database's time from every answer."""

    def __init__(self, connect: Callable[[], Awaitable[AsyncConnection[Any]]], clock: DatabaseClock) -> None:
        self._connect = connect
        self._clock = clock
        self._connection: AsyncConnection[Any] | None = None

    async def start(self) -> None:
        """Connect; raises psycopg.OperationalError where the database cannot be reached."""
        self._connection = await self._connected()

    async def stop(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            await self._connection.close()

    async def __call__(self, batch: Sequence[Encoded]) -> list[Verdict]:
        """Write a batch; raises `Stuck`, `Down`, or what is wrong with the batch itself."""
        if self._connection is None:
            raise Down
        call = asyncio.ensure_future(self._execute(self._connection, batch))
        finished, _ = await asyncio.wait({call}, timeout=STALLED)
        if not finished:
            await self._drop(call)
            raise Stuck
        try:
            return call.result()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled) as error:
            raise Stuck from error
        except REFUSING as error:
            raise Down from error

    async def written(self, encoded: Encoded) -> int | None:
        """The position of a command's last event, if it is this very command that wrote it; raises `Down`."""
        if not encoded.rows:
            return None
        if self._connection is None:
            raise Down
        stream_id, version, *_ = encoded.rows[-1]
        try:
            cursor = await self._connection.execute(WRITTEN, (stream_id, version, str(encoded.entry.context.command_id)))
            row = await cursor.fetchone()
        except REFUSING as error:
            raise Down from error
        return None if row is None else int(row[0])

    async def reconnect(self, until: float) -> None:
        """Make the connection anew, trying until this moment of the monotonic clock."""
        await self._drop()
        pause = 0.02
        while self._connection is None and (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 2, 0.5)
            with contextlib.suppress(psycopg.Error, OSError, TimeoutError):
                async with asyncio.timeout(left):
                    self._connection = await self._connected()

    async def _drop(self, call: "asyncio.Future[Any] | None" = None) -> None:
        """Cut the connection, whose server may never answer; the call that waits on it wakes up."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as cut:
            cut.shutdown(socket.SHUT_RDWR)
        if call is not None:
            await asyncio.wait({call})
            call.exception()
        await connection.close()

    async def _connected(self) -> AsyncConnection[Any]:
        connection = await self._connect()
        try:
            row = await (await connection.execute("select clock_timestamp()")).fetchone()
        except BaseException:
            await connection.close()
            raise
        if row is not None:
            self._clock.renew(row[0])
        return connection

    async def _execute(self, connection: AsyncConnection[Any], batch: Sequence[Encoded]) -> list[Verdict]:
        cursor = await connection.execute(APPEND, arguments(batch), prepare=True, binary=True)
        rows = await cursor.fetchall()
        self._clock.renew(rows[0][6])
        return verdicts(rows, len(batch))
