"""The web server's end of a WebSocket: uvicorn's own, with small buffers, and a close that also reaches who is slow."""

from asyncio import BaseTransport
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LARGEST_FRAME: Final = 64 * 1024
"""Bytes of a frame that a client sends; beyond, the connection is closed with 1009."""
SEND_BUFFER: Final = 128 * 1024
"""Bytes the system keeps for a client that does not read: its own choice would be megabytes, and nobody would notice for minutes."""
FAREWELL: Final = 30.0
"""Seconds in which a client must take what is on its way when its connection is closed."""


class Socket(WebSocketsSansIOProtocol):
    """One connection."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Called when the client has asked for a WebSocket."""
        super().connection_made(transport)
        connected = transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER)

    async def send(self, message: Any) -> None:
        """Send one message of the application; a close does not wait for room, of which a slow client has none."""
        if message["type"] == "websocket.close" and not self.writable.is_set():
            self.writable.set()
            self.loop.call_later(FAREWELL, self.transport.abort)
        await super().send(message)
