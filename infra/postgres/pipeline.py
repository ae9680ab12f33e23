"""One connection in libpq's pipeline mode: a batch of prepared reads is sent at once, and its answers are taken as they come."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format

GOING: Final = (psycopg.errors.AdminShutdown, psycopg.errors.CrashShutdown, psycopg.errors.CannotConnectNow)
"""Last words of a server that is going: the connection is lost, the read is not to blame."""
STALLED: Final = 2.5
"""Seconds after which a server that has not answered a batch is taken to be stuck, and the connection to be lost."""
PREPARED: Final = 300
"""Statements prepared on one connection at most; others are parsed each time."""


class Read(msgspec.Struct, eq=False):
    """A statement that waits for its rows. `tries`: on how many connections it was lost."""

    statement: str
    arguments: Sequence[Any]
    done: "asyncio.Future[list[tuple[Any, ...]]]"
    give_up_at: float
    tries: int = 0


@lru_cache(2_000)
def _numbered(statement: str) -> bytes:
    """The statement with libpq's places: $1, $2, …"""
    parts = statement.split("%b")
    return "".join(part if nth == 0 else f"${nth}{part}" for nth, part in enumerate(parts)).encode()


class Pipeline:
    """Sends one batch at a time.

    Afterwards `finished(self, again)`: `again` was not carried out, because a read before it failed. When the connection is gone,
    `lost(self, unanswered, error)`.
    """

    def __init__(
        self,
        connection: AsyncConnection[Any],
        finished: Callable[["Pipeline", Sequence[Read]], None],
        lost: Callable[["Pipeline", Sequence[Read], psycopg.Error], None],
    ) -> None:
        self._connection = connection
        self._libpq = connection.pgconn
        self._finished = finished
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._handle = self._libpq.socket
        self._expected: deque[tuple[Read, tuple[str, tuple[int, ...]] | None]] = deque()
        """What will be answered: reads, and before a read that is new here, its preparation under this name."""
        self._again: list[Read] = []
        self._sending = False
        self._stalled: asyncio.TimerHandle | None = None
        self._libpq.enter_pipeline_mode()
        self._loop.add_reader(self._handle, self._readable)

    def send(self, batch: Sequence[Read]) -> None:
        """Send reads; they are answered in this order."""
        self._sending = True
        self._stalled = self._loop.call_later(STALLED, self._give_up)
        try:
            for read in batch:
                self._put(read)
            self._libpq.pipeline_sync()
            self._flush()
        except psycopg.OperationalError as error:
            self._fail(error)

    def _give_up(self) -> None:
        self._fail(psycopg.OperationalError(f"no answer for {STALLED} s"))

    def _rest(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def close(self) -> None:
        """Disconnect; what was sent is not answered."""
        self._rest()
        self._loop.remove_reader(self._handle)
        self._loop.remove_writer(self._handle)
        self._libpq.finish()

    def _put(self, read: Read) -> None:
        transformer = Transformer(self._connection)
        try:
            values = transformer.dump_sequence(read.arguments, [PyFormat.BINARY] * len(read.arguments))
        except Exception as error:  # noqa: BLE001 — a value that cannot be sent is told to whoever gave it
            _refuse(read, error)
            return
        types, formats = transformer.types or (), transformer.formats
        known = (read.statement, types)
        if known not in self._names and len(self._names) < PREPARED:
            self._names[known] = f"hot_{len(self._names)}".encode()
            self._libpq.send_prepare(self._names[known], _numbered(read.statement), types)
            self._expected.append((read, known))
        if known in self._names:
            self._libpq.send_query_prepared(self._names[known], values, formats, Format.BINARY)
        else:
            self._libpq.send_query_params(_numbered(read.statement), values, types, formats, Format.BINARY)
        self._expected.append((read, None))

    def _flush(self) -> None:
        """More than the socket takes at once is sent when it can be; meanwhile answers are read."""
        self._loop.remove_writer(self._handle)
        if self._libpq.flush():
            self._loop.add_writer(self._handle, self._writable)

    def _writable(self) -> None:
        try:
            self._flush()
        except psycopg.OperationalError as error:
            self._fail(error)

    def _readable(self) -> None:
        try:
            self._libpq.consume_input()
            while self._sending and not self._libpq.is_busy():
                result = self._libpq.get_result()
                if result is not None:  # None stands between the answers of two statements.
                    self._take(result)
        except psycopg.OperationalError as error:
            self._fail(error)

    def _take(self, result: Any) -> None:
        if result.status == ExecStatus.PIPELINE_SYNC:
            again, self._again, self._sending = self._again, [], False
            self._rest()
            self._finished(self, again)
            return
        read, prepared = self._expected.popleft()
        if result.status == ExecStatus.TUPLES_OK:
            if not read.done.done():
                transformer = Transformer(self._connection)
                transformer.set_pgresult(result)
                read.done.set_result(transformer.load_rows(0, result.ntuples, tuple))
        elif result.status == ExecStatus.PIPELINE_ABORTED:
            if prepared is not None:
                del self._names[prepared]
            elif not read.done.done():
                self._again.append(read)
        elif result.status != ExecStatus.COMMAND_OK:
            self._blame(read, prepared, error_from_result(result))
        elif prepared is None and not read.done.done():
            read.done.set_result([])

    def _blame(self, read: Read, prepared: tuple[str, tuple[int, ...]] | None, error: psycopg.Error) -> None:
        if isinstance(error, GOING):
            self._expected.appendleft((read, None))
            raise error
        if prepared is not None:
            del self._names[prepared]
        _refuse(read, error)

    def _fail(self, error: psycopg.Error) -> None:
        self.close()
        unanswered = self._again + [read for read, prepared in self._expected if prepared is None]
        self._lost(self, [read for read in unanswered if not read.done.done()], error)


def _refuse(read: Read, error: Exception) -> None:
    if not read.done.done():
        read.done.set_exception(error)
