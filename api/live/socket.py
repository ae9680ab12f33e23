"""Live updates over a WebSocket (RFC 6455): messages go out as JSON text; a client may subscribe and unsubscribe at any time."""

import asyncio
import contextlib
from typing import Any, Final

import msgspec
from litestar import WebSocket
from litestar.handlers import WebsocketRouteHandler

from api.live.entry import ending_of, must_come_from_here, switchboard
from api.live.following import follow, leave
from api.live.line import Ending, Line
from api.live.message import failed
from api.live.switchboard import Switchboard
from api.shared.access import admit, proof
from api.shared.incidents import note
from domain.shared.refused import Invalid, Refused

Socket = WebSocket[Any, Any, Any]
PARTING: Final = 0.5
"""Seconds in which a client may still take what waits for it when its connection ends."""
PENALTY: Final = 0.1
"""Seconds before the next frame of a client is read that sent one nobody understands."""
REASON: Final = 123
"""Bytes of a close frame that hold the reason."""


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frame of the client."""

    subscribe: list[str] = []
    unsubscribe: list[str] = []
    after: int | None = None


class NotUnderstood(Invalid):
    """A frame is a JSON object with `subscribe`, `unsubscribe` or both, each a list of channels, and `after`, a position."""


_wish = msgspec.json.Decoder(Wish).decode


@WebsocketRouteHandler("/api/v1/live", needs="live:connect", admits=True, takes_tickets=True, keeps_proof=True)
async def live_socket(socket: Socket) -> None:
    """What happens, as it happens, to what one follows."""
    await socket.receive()  # That it wants to connect.
    try:
        must_come_from_here(socket)
    except Refused as refused:
        await _noted(socket, refused)
        await socket.send({"type": "websocket.close", "code": 4003, "reason": refused.code()})  # 403: nothing of ours is for this page.
        return
    await socket.send({"type": "websocket.accept", "subprotocol": None, "headers": []})
    try:
        caller = await admit(socket, socket.route_handler)
        line = Line(caller, proof(socket))
        board = switchboard(socket.app)
        await board.join(line)
    except Exception as error:  # noqa: BLE001 — every failure is told with its code
        await _refuse(socket, error)
        return
    try:
        await _converse(socket, board, line)
    finally:
        board.leave(line)


async def _converse(socket: Socket, board: Switchboard, line: Line) -> None:
    writing = asyncio.create_task(_write(socket, line), name="live: write")
    listening = asyncio.create_task(_listen(socket, board, line), name="live: listen")
    over = asyncio.create_task(line.over.wait(), name="live: over")
    try:
        await asyncio.wait({writing, listening, over}, return_when=asyncio.FIRST_COMPLETED)
        if line.ending is not None and not writing.done():
            await asyncio.wait({writing}, timeout=PARTING)
    finally:
        for task in (writing, listening, over):
            task.cancel()
        await asyncio.gather(writing, listening, over, return_exceptions=True)
    if line.ending is not None:
        with contextlib.suppress(Exception):  # Who is gone need not be told.
            await _close(socket, line.ending)


async def _write(socket: Socket, line: Line) -> None:
    while True:
        await line.changed()
        for frame in line.take():
            await socket.send({"type": "websocket.send", "bytes": None, "text": frame.text})
        if line.ending is not None and line.is_empty:
            return


async def _listen(socket: Socket, board: Switchboard, line: Line) -> None:
    """Read frames until the client is gone."""
    asked = socket.query_params
    if not await _do(socket, board, line, asked.getall("channel", []), asked.get("after")):
        return
    while True:
        message: Any = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        try:
            wish = _wish(message["text"] if message.get("text") is not None else message.get("bytes") or b"")
        except (msgspec.MsgspecError, UnicodeError):
            line.put(failed("not_understood", NotUnderstood.title()))
            await asyncio.sleep(PENALTY)
            continue
        if not await _do(socket, board, line, wish.subscribe, wish.after, wish.unsubscribe):
            return


async def _do(socket: Socket, board: Switchboard, line: Line, channels: list[str], after: Any, fewer: list[str] | None = None) -> bool:
    """Whether the conversation goes on."""
    try:
        if fewer:
            await leave(board, line, fewer)
        if channels:
            await follow(board, line, channels, position(after))
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 — every failure is told with its code
        if isinstance(error, Refused):
            await _noted(socket, error)
        ending = ending_of(error)
        line.put(failed(ending.code, ending.detail, ending.close))
        line.end(ending)
    return line.ending is None


def position(text: Any) -> int | None:
    """A position as it stands in a query or a frame; raises `NotUnderstood`."""
    if text is None or isinstance(text, int):
        return text
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotUnderstood("A position is a number.")
    return int(text)


async def _refuse(socket: Socket, error: Exception) -> None:
    if isinstance(error, Refused):
        await _noted(socket, error)
    ending = ending_of(error)
    with contextlib.suppress(Exception):  # Who is gone need not be told.
        await socket.send({"type": "websocket.send", "bytes": None, "text": failed(ending.code, ending.detail, ending.close).text})
        await _close(socket, ending)


async def _noted(socket: Socket, refused: Refused) -> None:
    with contextlib.suppress(Exception):  # The refusal stands, also where it cannot be noted.
        await note(socket, refused)


async def _close(socket: Socket, ending: Ending) -> None:
    await socket.send({"type": "websocket.close", "code": ending.close, "reason": ending.code[:REASON]})
