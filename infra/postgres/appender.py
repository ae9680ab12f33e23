"""Group commit: one task gathers the commands that wait and writes all of them with one call (A1, A8, A13)."""

import asyncio
import contextlib
import os
import socket
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
import psycopg
from psycopg import AsyncConnection

from domain.shared.refused import Overloaded
from infra.postgres.batch import APPEND, Encoded, Verdict, arguments, verdicts
from infra.postgres.database_clock import DatabaseClock

WAITING: Final = 2000
WAITING_BYTES: Final = 16 * 1024 * 1024
BATCH: Final = 256
BATCH_BYTES: Final = 4 * 1024 * 1024
PER_STREAM: Final = 64
PATIENCE: Final = 2.0
"""Seconds after which a command that could not be written is answered 503; its key tells later what became of it."""
STALLED: Final = 2.5
"""Seconds after which the server is taken to be stuck: the lock time-out should have spoken by then."""


class Waiting(msgspec.Struct, eq=False):
    """A command in the queue. `unsure` once it was sent and its outcome was lost."""

    encoded: Encoded
    done: "asyncio.Future[Verdict]"
    give_up_at: float
    is_valid: Callable[[], bool]
    unsure: bool = False


class Appender:
    """Writes entries to the log, many at a time, on one connection of its own."""

    def __init__(self, connect: Callable[[], Awaitable[AsyncConnection[Any]]], clock: DatabaseClock) -> None:
        self._connect = connect
        self._clock = clock
        self._queue: deque[Waiting] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._connection: AsyncConnection[Any] | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Connect and begin to write."""
        self._connection = await self._connect()
        await self._learn_time()
        self._task = asyncio.create_task(self._run(), name="appender")

    async def stop(self) -> None:
        """Write what was accepted, then end."""
        self._stopping = True
        self._filled.set()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._connection is not None:
            await self._connection.close()

    @property
    def depth(self) -> int:
        """Commands that wait to be written."""
        return len(self._queue)

    def put(self, encoded: Encoded, is_valid: Callable[[], bool]) -> "asyncio.Future[Verdict]":
        """Queue an entry; raises `Overloaded`. An entry that is no longer valid when its turn comes is a conflict."""
        if self._stopping or len(self._queue) >= WAITING or self._bytes + encoded.size > WAITING_BYTES:
            raise Overloaded
        done: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._queue.append(Waiting(encoded, done, time.monotonic() + PATIENCE, is_valid))
        self._bytes += encoded.size
        self._filled.set()
        return done

    async def _run(self) -> None:
        while self._queue or not self._stopping:
            if not self._queue:
                self._filled.clear()
                await self._filled.wait()
                await asyncio.sleep(0)  # let the commands of this turn of the loop join
                continue
            batch = self._take()
            if batch:
                await self._write(batch)

    def _take(self) -> list[Waiting]:
        now, size = time.monotonic(), 0
        streams: Counter[Any] = Counter()
        batch: list[Waiting] = []
        while self._queue and len(batch) < BATCH:
            head = self._queue[0]
            touched = {row[0] for row in head.encoded.rows}
            if batch and (size + head.encoded.size > BATCH_BYTES or any(streams[stream] >= PER_STREAM for stream in touched)):
                break
            self._queue.popleft()
            self._bytes -= head.encoded.size
            if head.done.done():
                continue
            if now > head.give_up_at:
                head.done.set_exception(Overloaded())
            elif not head.is_valid():
                head.done.set_result(CONFLICT)
            else:
                size += head.encoded.size
                streams.update(touched)
                batch.append(head)
        return batch

    async def _write(self, batch: list[Waiting]) -> None:
        while batch:
            try:
                told = await self._call([waiting.encoded for waiting in batch])
            except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled, TimeoutError):
                return self._refuse(batch)
            except (psycopg.errors.DataError, psycopg.errors.IntegrityError) as error:
                if len(batch) == 1:
                    return self._fail(batch[0], error)
                for waiting in batch:  # only the culprit fails (A5)
                    await self._write([waiting])
                return None
            except (psycopg.OperationalError, psycopg.InterfaceError, OSError):
                for waiting in batch:
                    waiting.unsure = True
                await self._reconnect(max(waiting.give_up_at for waiting in batch))
                batch = self._still_waiting(batch)
            except BaseException as error:
                for waiting in batch:
                    self._fail(waiting, error)
                raise
            else:
                return await self._tell(batch, told)
        return None

    async def _call(self, batch: Sequence[Encoded]) -> list[Verdict]:
        if self._connection is None or self._connection.closed:
            raise psycopg.OperationalError("not connected")
        call = asyncio.ensure_future(self._execute(self._connection, batch))
        finished, _ = await asyncio.wait({call}, timeout=STALLED)
        if not finished:
            abandon(self._connection)
            self._connection = None
            call.add_done_callback(lambda task: task.exception())
            await self._reconnect(time.monotonic())
            raise TimeoutError
        return call.result()

    async def _execute(self, connection: AsyncConnection[Any], batch: Sequence[Encoded]) -> list[Verdict]:
        cursor = await connection.execute(APPEND, arguments(batch), prepare=True, binary=True)
        rows = await cursor.fetchall()
        self._clock.renew(rows[0][6])
        return verdicts(rows, len(batch))

    async def _tell(self, batch: list[Waiting], told: list[Verdict]) -> None:
        for waiting, verdict in zip(batch, told, strict=True):
            if waiting.unsure and verdict.outcome == "conflict":
                verdict = await self._look_again(waiting, verdict)
            if not waiting.done.done():
                waiting.done.set_result(verdict)

    async def _look_again(self, waiting: Waiting, verdict: Verdict) -> Verdict:
        """The call that was lost may have been written after all: then its last event is there, with this command's id (A8)."""
        if not waiting.encoded.rows or self._connection is None:
            return verdict
        stream_id, version, *_ = waiting.encoded.rows[-1]
        cursor = await self._connection.execute(
            "select position from event_log where stream_id = %s and version = %s and metadata->>'command_id' = %s",
            (stream_id, version, str(waiting.encoded.entry.context.command_id)),
        )
        row = await cursor.fetchone()
        return verdict if row is None else Verdict("ok", row[0], b"", 0, None)

    @staticmethod
    def _fail(waiting: Waiting, error: BaseException) -> None:
        if not waiting.done.done():
            waiting.done.set_exception(error if isinstance(error, Exception) else Overloaded())

    def _refuse(self, batch: list[Waiting]) -> None:
        for waiting in batch:
            self._fail(waiting, Overloaded())

    def _still_waiting(self, batch: list[Waiting]) -> list[Waiting]:
        now = time.monotonic()
        for waiting in batch:
            if now > waiting.give_up_at:
                self._fail(waiting, Overloaded())
        return [waiting for waiting in batch if not waiting.done.done()]

    async def _reconnect(self, until: float) -> None:
        if self._connection is not None and not self._connection.closed:
            abandon(self._connection)
        self._connection, pause = None, 0.02
        while self._connection is None:
            try:
                self._connection = await self._connect()
                await self._learn_time()
            except (psycopg.Error, OSError):
                self._connection = None
                if time.monotonic() > until:
                    return
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.5)

    async def _learn_time(self) -> None:
        if self._connection is not None:
            row = await (await self._connection.execute("select clock_timestamp()")).fetchone()
            if row is not None:
                self._clock.renew(row[0])


CONFLICT: Final = Verdict("conflict", 0, b"", 0, None)


def abandon(connection: AsyncConnection[Any]) -> None:
    """Cut a connection whose server may never answer, waking whoever waits on it."""
    with contextlib.suppress(OSError, psycopg.Error):
        cut = socket.socket(fileno=os.dup(connection.fileno()))
        cut.shutdown(socket.SHUT_RDWR)
        cut.close()
