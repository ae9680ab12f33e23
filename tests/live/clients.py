"""Clients that listen: over a WebSocket, and to server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from api.live.entry import switchboard
from api.live.switchboard import Switchboard
from tests.eventually import BUSY
from tests.http.daybook import Api, Headers

Message = dict[str, Any]


def address(base: str, channels: tuple[str, ...], **more: Any) -> str:
    query = urlencode([*(("channel", one) for one in channels), *((name, value) for name, value in more.items() if value is not None)])
    return f"{base.replace('http', 'ws', 1).rstrip('/')}/api/v1/live{'?' if query else ''}{query}"


class Listener:
    """A WebSocket with what it was told."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.told: list[Message] = []

    async def next(self, seconds: float = 5) -> Message:
        async with asyncio.timeout(BUSY * seconds):
            self.told.append(json.loads(await self.socket.recv()))
        return self.told[-1]

    async def until(self, fits: Callable[[Message], bool], seconds: float = 10) -> Message:
        """The next message that fits."""
        async with asyncio.timeout(BUSY * seconds):
            while True:
                message = await self.next(seconds)
                if fits(message):
                    return message

    async def hears(self, name: str, **fields: Any) -> Message:
        return await self.until(lambda told: told["type"] == name and all(told.get(key) == value for key, value in fields.items()))

    async def say(self, **wish: Any) -> None:
        await self.socket.send(json.dumps(wish))

    async def closed(self, seconds: float = 5) -> int:
        """The code it is closed with, after what is still told."""
        try:
            async with asyncio.timeout(BUSY * seconds):
                while True:
                    await self.next(seconds)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    @property
    def events(self) -> list[Message]:
        return [one for one in self.told if "version" in one]

    @property
    def position(self) -> int:
        return max(one["position"] for one in self.told if "position" in one)


@asynccontextmanager
async def listens(base: str, *channels: str, headers: Headers | None = None, **query: Any) -> AsyncIterator[Listener]:
    """A client that has come in."""
    more = query.pop("more", {})
    async with connect(address(base, channels, **query), additional_headers=headers, ping_interval=None, open_timeout=10 * BUSY, **more) as socket:
        yield Listener(socket)


class Here:
    """One API process, as its clients reach it."""

    def __init__(self, api: Api, http: httpx.AsyncClient) -> None:
        self.api, self.http = api, http
        self.base = str(http.base_url)

    @property
    def board(self) -> Switchboard:
        """The lines of this process."""
        return switchboard(self.api.served)

    def listens(self, who: Headers | None, *channels: str, **query: Any) -> Any:
        return listens(self.base, *channels, headers=who, **query)

    async def ticket(self, who: Headers) -> str:
        made = await self.http.post("/api/v1/live/tickets", headers=who)
        assert made.status_code == 201, made.text
        return str(made.json()["ticket"])

    async def refusal(self, who: Headers | None, *channels: str, **query: Any) -> int:
        """The code a client is closed with that may not come in."""
        async with self.listens(who, *channels, **query) as listener:
            return await listener.closed()


class Event:
    """A server-sent event."""

    def __init__(self, block: str) -> None:
        fields = dict(line.partition(": ")[::2] for line in block.split("\n") if line and not line.startswith(":"))
        self.id, self.name, self.data = fields.get("id"), fields["event"], json.loads(fields["data"])


@asynccontextmanager
async def streams(http: httpx.AsyncClient, who: Headers | None, *channels: str, headers: Headers | None = None, **query: Any) -> AsyncIterator[Any]:
    """The answer, and its events one by one."""
    asked = [*(("channel", one) for one in channels), *query.items()]
    told = {"Accept": "text/event-stream", **(who or {}), **(headers or {})}
    async with http.stream("GET", "/api/v1/live", params=asked, headers=told, timeout=10 * BUSY) as answer:
        yield answer, _events(answer)


async def _events(answer: httpx.Response) -> AsyncIterator[Event]:
    rest = ""
    async for text in answer.aiter_text():
        *blocks, rest = (rest + text).split("\n\n")
        for block in blocks:
            if block:
                yield Event(block)
