"""A TCP proxy in front of PostgreSQL that loses what a test wants lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    """Forwards bytes both ways. `lose_answer`: the next request reaches the server, its answer never comes back, and the
    connection is cut. `lose_request`: the next request is cut off before the server sees it.
    """

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._losing: str | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self.cuts = 0
        self.url = ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        login, _, _ = self._target.netloc.rpartition("@")
        self.url = urlunsplit(self._target._replace(netloc=f"{login}@127.0.0.1:{port}"))
        async with server:
            yield self
        await asyncio.gather(*self._serving)

    def lose_answer(self) -> None:
        self._losing = "answer"

    def lose_request(self) -> None:
        self._losing = "request"

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._target.hostname, self._target.port)
        asked = asyncio.Event()

        def loses_request() -> bool:
            asked.set()
            return self._losing == "request"

        def loses_answer() -> bool:
            return self._losing == "answer" and asked.is_set()

        tasks = [asyncio.create_task(self._pump(reader, back, loses_request)), asyncio.create_task(self._pump(there, writer, loses_answer))]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, back):
            end.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, loses: Callable[[], bool]) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                if loses():
                    self._losing = None
                    self.cuts += 1
                    return
                sink.write(data)
                await sink.drain()
