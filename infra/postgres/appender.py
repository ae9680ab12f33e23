"""Group commit: one task gathers the commands that wait and writes all of them with one call (A1, A8, A13)."""

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import msgspec
import psycopg
from psycopg import AsyncConnection

from domain.shared.refused import Overloaded
from infra.postgres.append_call import AppendCall, Down, Stuck
from infra.postgres.batch import Encoded, Verdict
from infra.postgres.database_clock import DatabaseClock

WAITING: Final = 2000
WAITING_BYTES: Final = 16 * 1024 * 1024
BATCH: Final = 256
BATCH_BYTES: Final = 4 * 1024 * 1024
PER_STREAM: Final = 64
PATIENCE: Final = 2.0
"""Seconds after which a command that could not be written is answered 503; its key tells later what became of it."""


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
        self._call = AppendCall(connect, clock)
        self._queue: deque[Waiting] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Connect and begin to write."""
        await self._call.start()
        self._task = asyncio.create_task(self._run(), name="appender")

    async def stop(self) -> None:
        """Write what was accepted, then end."""
        self._stopping = True
        self._filled.set()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._call.stop()

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
                await asyncio.sleep(0)  # let those who hear of it mark what was lost before the next batch is judged by that

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
                return self._tell(batch, await self._certain(batch, await self._call([waiting.encoded for waiting in batch])))
            except Down:
                for waiting in batch:
                    waiting.unsure = True
                await self._call.reconnect(max(waiting.give_up_at for waiting in batch))
                batch = await self._still_waiting(batch)
            except Exception as error:  # noqa: BLE001 — whatever it is, the commands that come next must be written.
                return await self._give_up(batch, error)
            except BaseException as error:
                self._fail(batch, error)
                raise
        return None

    async def _give_up(self, batch: list[Waiting], error: Exception) -> None:
        if isinstance(error, Stuck):
            return self._refuse_all(batch)
        wrong = isinstance(error, psycopg.errors.DataError | psycopg.errors.IntegrityError)
        if wrong and len(batch) > 1:
            for waiting in batch:  # only the culprit fails (A5), and those that were decided on it
                await self._write([waiting]) if waiting.is_valid() else waiting.done.set_result(CONFLICT)
                await asyncio.sleep(0)
            return None
        self._fail(batch, error)
        return None if wrong else await self._call.reconnect(time.monotonic() + PATIENCE)

    async def _certain(self, batch: list[Waiting], told: list[Verdict]) -> list[Verdict]:
        """The call that was lost may have been written after all: then its last event is there, with this command's id (A8)."""
        for nth, (waiting, verdict) in enumerate(zip(batch, told, strict=True)):
            if waiting.unsure and verdict.outcome not in {"ok", "duplicate"}:
                position = await self._call.written(waiting.encoded)
                if position is not None:
                    told[nth] = Verdict("ok", position, b"", 0, None)
        return told

    @staticmethod
    def _tell(batch: list[Waiting], told: list[Verdict]) -> None:
        for waiting, verdict in zip(batch, told, strict=True):
            if not waiting.done.done():
                waiting.done.set_result(verdict)

    @staticmethod
    def _fail(batch: Iterable[Waiting], error: BaseException) -> None:
        for waiting in batch:
            if not waiting.done.done():
                waiting.done.set_exception(error if isinstance(error, Exception) else Overloaded())

    def _refuse_all(self, batch: list[Waiting]) -> None:
        """Nobody can write at the moment: those who wait behind this batch would only wait as long again."""
        self._fail([*batch, *self._queue], Overloaded())
        self._queue.clear()
        self._bytes = 0

    async def _still_waiting(self, batch: list[Waiting]) -> list[Waiting]:
        """Those that have time left. What was decided on one that gave up gives up too: neither outcome is known."""
        now = time.monotonic()
        self._fail([waiting for waiting in batch if now > waiting.give_up_at], Overloaded())
        await asyncio.sleep(0)
        self._fail([waiting for waiting in batch if not waiting.is_valid()], Overloaded())
        return [waiting for waiting in batch if not waiting.done.done()]


CONFLICT: Final = Verdict("conflict", 0, b"", 0, None)
