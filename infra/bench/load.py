"""Load on an HTTP server from a process of its own: raw connections that do little more than send, and look for the end of an answer."""

import asyncio
import itertools
import secrets
import time
from collections import deque
from typing import Any

import msgspec
import uvloop


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to send. Each request is `(before, after)`; a fresh idempotency key goes between them unless `after` is empty.

    With a `rate` (requests per second) requests are due at fixed moments whether or not answers come, else each connection sends the
    next one when it has its answer. `noting`: keep for each answer when it came and its Daybook-Position.
    """

    port: int
    requests: list[tuple[str, str]]
    connections: int = 64
    warm_up: float = 2.0
    seconds: float = 5.0
    rate: float | None = None
    noting: bool = False


class Result(msgspec.Struct):
    """Answers with a status of 200 to 299, others, and how long it took. `noted`: moments (CLOCK_MONOTONIC) and positions."""

    answers: int = 0
    others: int = 0
    seconds: float = 0.0
    noted: list[tuple[float, int]] = []

    @property
    def rate(self) -> float:
        """Good answers per second."""
        return self.answers / self.seconds


class Generator:
    """What all connections share: the requests, what is due, and what came back."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.result = Result()
        self.idle: deque[Connection] = deque()
        self.due = 0
        self.measuring = False
        self.ended = False
        self._prefix = secrets.token_hex(8)
        self._number = 0
        self._requests = itertools.cycle([(before.encode(), after.encode()) for before, after in plan.requests])

    def following(self) -> bytes:
        """The next request."""
        before, after = next(self._requests)
        if not after:
            return before
        self._number += 1
        return b"%b%b-%d%b" % (before, self._prefix.encode(), self._number, after)

    def came(self, head: bytes) -> None:
        """An answer."""
        if not self.measuring:
            return
        if head[9:10] == b"2":
            self.result.answers += 1
        else:
            self.result.others += 1
        if self.plan.noting:
            position = head.lower().partition(b"daybook-position: ")[2].partition(b"\r\n")[0]
            if position:
                self.result.noted.append((time.monotonic(), int(position)))


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request at a time."""

    def __init__(self, shared: Generator) -> None:
        self._shared = shared
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        """Answers end where Content-Length says."""
        buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        at = buffer.find(b"content-length: ") if end >= 0 else -1
        if end < 0 or len(buffer) < end + 4 + int(buffer[at + 16 : buffer.index(b"\r", at)] if at >= 0 else 0):
            self._buffer = buffer
            return
        self._buffer = b""
        self._shared.came(buffer[:end])
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 — asyncio gives it.
        """Only the end of the load may close a connection."""
        if not self._shared.ended:
            self._shared.result.others += 1

    def _next(self) -> None:
        shared = self._shared
        if shared.ended:
            self._transport.close()
        elif shared.plan.rate is None:
            self.send()
        elif shared.due > 0:
            shared.due -= 1
            self.send()
        else:
            shared.idle.append(self)

    def send(self) -> None:
        """Send the next request."""
        self._transport.write(self._shared.following())


async def _load(plan: Plan) -> Result:
    shared = Generator(plan)
    loop = asyncio.get_running_loop()
    for _ in range(plan.connections):
        await loop.create_connection(lambda: Connection(shared), "127.0.0.1", plan.port)
    ticking = asyncio.create_task(_tick(shared, plan.rate)) if plan.rate is not None else None
    await asyncio.sleep(plan.warm_up)
    shared.measuring, began = True, time.perf_counter()
    await asyncio.sleep(plan.seconds)
    shared.measuring, shared.result.seconds = False, time.perf_counter() - began
    shared.ended = True
    if ticking is not None:
        ticking.cancel()
    await asyncio.sleep(0.2)
    return shared.result


async def _tick(shared: Generator, rate: float) -> None:
    began, sent = time.perf_counter(), 0
    while True:
        await asyncio.sleep(0.001)
        owed = int((time.perf_counter() - began) * rate) - sent
        sent += owed
        shared.due += owed
        while shared.due > 0 and shared.idle:
            shared.due -= 1
            shared.idle.popleft().send()


def load(plan: dict[str, Any]) -> Result:
    """Carry a plan out."""
    return uvloop.run(_load(msgspec.convert(plan, Plan)))
