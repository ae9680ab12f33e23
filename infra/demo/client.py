"""HTTP as the demo speaks it: a request is repeated, with the same key, until it is answered."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, Self

import httpx
import msgspec

from infra.local.state import LocalProblem

PATIENCE: Final = 120.0
"""Seconds for which a request is repeated that meets only `503`, `429` or broken connections."""
LONGEST_PAUSE: Final = 10.0
ONE: Final = httpx.Limits(max_connections=1)
TIMEOUT: Final = httpx.Timeout(30.0)
_encode = msgspec.json.Encoder().encode


class Problem(msgspec.Struct, frozen=True):
    """A refusal (RFC 9457)."""

    code: str = ""
    detail: str = ""


class Answer(msgspec.Struct, frozen=True):
    """Status, body, and the position of the log that it shows (0: none was told)."""

    status: int
    body: bytes
    position: int

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status < 400

    def read(self, kind: Any) -> Any:
        """The body as this type."""
        return msgspec.json.decode(self.body, type=kind)

    @property
    def problem(self) -> Problem:
        """Why not."""
        try:
            return msgspec.json.decode(self.body, type=Problem)
        except msgspec.DecodeError:
            return Problem(f"http_{self.status}", self.body[:200].decode(errors="replace"))


class Api:
    """One API, asked over a few connections. `position` is the newest position of the log that it told of.

    Each connection is a client of its own: a pool of httpx looks at all its connections before and after each request, which
    costs more than the request (measured with 24 of them).
    """

    def __init__(self, url: str, connections: int, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = httpx.URL(url)
        local = self.url.host in {"127.0.0.1", "localhost", "::1"}
        trusted = httpx.create_ssl_context()
        self._all = [
            httpx.AsyncClient(timeout=TIMEOUT, limits=ONE, verify=trusted, trust_env=not local, transport=transport) for _ in range(connections)
        ]
        self._free = list(self._all)
        self._turn = asyncio.Semaphore(connections)
        self.patience = PATIENCE
        self.position = 0
        self.requests = 0
        self.repeated = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for http in self._all:
            await http.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: Any = None,
        key: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send until there is an answer that is not for now only; raises `LocalProblem` when none comes in `patience` seconds.

        A `POST` without a key is repeated too: use one wherever twice is not once.
        """
        headers = {"content-type": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        if key is not None:
            headers["idempotency-key"] = key
        content = None if body is None else _encode(body)
        address, began = self.url.join(path).copy_merge_params(query or {}), time.monotonic()
        while True:
            try:
                found = await self._send(httpx.Request(method, address, content=content, headers=headers))
            except httpx.TransportError as error:
                told, pause = type(error).__name__, 0.5
            else:
                if not _is_passing(found):
                    return self._answer(found)
                told, pause = f"{found.status_code}", _pause(found.headers.get("retry-after"))
            if time.monotonic() - began > self.patience:
                raise LocalProblem(f"{self.url} does not answer ({told}); run the demo again to go on")
            self.repeated += 1
            await asyncio.sleep(pause * random.uniform(1.0, 1.2))  # noqa: S311 — not all at the same moment.

    async def _send(self, request: httpx.Request) -> httpx.Response:
        async with self._turn:
            http = self._free.pop()
            try:
                return await http.send(request)
            finally:
                self._free.append(http)

    def _answer(self, found: httpx.Response) -> Answer:
        self.requests += 1
        position = int(found.headers.get("daybook-position", 0))
        self.position = max(self.position, position)
        return Answer(found.status_code, found.content, position)


async def side_by_side(count: int, work: Callable[[], Awaitable[None]]) -> None:
    """Let so many do the same work until it is done; the first error ends all of them and is raised as it is."""
    await together(work() for _ in range(count))


async def together(works: Iterable[Awaitable[None]]) -> None:
    """Do all of this; the first error ends all of it and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(_run(work))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _run(work: Awaitable[None]) -> None:
    await work


def _is_passing(found: httpx.Response) -> bool:
    """A duplicate that is still running (409) also says when to come again."""
    return found.status_code in {429, 503} or (found.status_code == 409 and "retry-after" in found.headers)


def _pause(retry_after: str | None) -> float:
    try:
        return min(max(float(retry_after or 1), 0.05), LONGEST_PAUSE)
    except ValueError:
        return 1.0
