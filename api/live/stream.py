"""Live updates as server-sent events (HTML Standard, 9.2): for clients without WebSockets; each event's id is a position."""

import asyncio
from typing import Annotated, Any, Final

from litestar import Response
from litestar.params import HeaderParameter, QueryParameter
from litestar.types import Receive, Scope, Send

from api.live.channel import read
from api.live.entry import ending_of, must_come_from_here, switchboard
from api.live.following import follow, must_be_known, must_hear_all
from api.live.line import TOO_SLOW, Line
from api.live.message import failed
from api.live.socket import PARTING, position
from api.live.switchboard import Switchboard
from api.shared.access import caller, proof
from api.shared.problems import BodyRefused, FieldError
from api.shared.querying import FROM_ZERO
from api.shared.request import Req
from api.shared.routing import stream

Channels = Annotated[list[str], QueryParameter(min_items=1, max_items=100, description="What to follow, named as often as needed.")]
After = Annotated[int | None, QueryParameter(ge=0, schema_extra=FROM_ZERO, description="Tell also what happened after this position.")]
LastEvent = Annotated[str | None, HeaderParameter(name="Last-Event-ID", description="Instead of `after`: sent by a browser that comes again.")]
TicketParameter = Annotated[str | None, QueryParameter(max_length=100, description="From `/api/v1/live/tickets`, instead of a header.")]
KNOWN: Final = frozenset({"channel", "after", "ticket"})
HEADERS: Final = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))
FAREWELL: Final = 10.0
"""Seconds in which a client that is too slow may still take what is on its way to it."""


@stream("/api/v1/live", needs="live:connect", keeps_proof=True, takes_tickets=True, reads_query=True, tags=["live"])
async def follow_live(
    request: Req,
    channel: Channels,
    after: After = None,
    last_event_id: LastEvent = None,
    ticket: TicketParameter = None,
) -> Response[bytes]:
    """Be told what happens, as it happens.

    Channels: `tasks`, `task:{id}`, `project:{id}`, `projects`, `notifications`, `node`, `all`. Every message carries `position`; come again with
    the last one as `after` and nothing is missing or told twice. The same address is a WebSocket. Messages: `/asyncapi.json`.
    """
    del ticket  # Looked at by the guard.
    must_come_from_here(request)
    _must_fit(request)
    since = position(last_event_id) if last_event_id else after
    board = switchboard(request.app)
    line = Line(caller(request), proof(request))
    await board.join(line)
    try:
        # Refused as a problem, not in the stream; asked again when it begins.
        await must_be_known(board, since)
        await must_hear_all(board, line, [read(name, line.caller) for name in channel])
    except BaseException:
        board.leave(line)
        raise
    return _Stream(board, line, channel, since)


def _must_fit(request: Req) -> None:
    named = [name for name, _ in request.query_params.multi_items()]
    errors = [FieldError(name, "unknown_parameter", "this parameter is not known here") for name in {*named} - KNOWN]
    errors += [FieldError(name, "duplicate_parameter", "this parameter stands here twice") for name in ("after", "ticket") if named.count(name) > 1]
    if errors:
        raise BodyRefused(errors)


class _Stream(Response[bytes]):
    """The answer: events until somebody hangs up."""

    def __init__(self, board: Switchboard, line: Line, channels: list[str], since: int | None) -> None:
        super().__init__(b"", media_type="text/event-stream")
        self._board, self._line, self._channels, self._since = board, line, channels, since

    def to_asgi_response(self, app: Any, request: Req, **_: Any) -> Any:
        """Write events until the line is over or the client gone."""
        del app
        is_head = request.scope.get("without_body", False)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            scope["lasts"] = True  # type: ignore[typeddict-unknown-key]  # The edge need not measure how long.
            try:
                await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
                if not is_head:
                    await self._converse(receive, send)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            finally:
                self._board.leave(self._line)

        return answer

    async def _converse(self, receive: Receive, send: Send) -> None:
        line = self._line
        writing = asyncio.create_task(self._write(send), name="live: write")
        following = asyncio.create_task(self._follow(), name="live: follow")
        gone = asyncio.create_task(_gone(receive), name="live: gone")
        over = asyncio.create_task(line.over.wait(), name="live: over")
        try:
            await asyncio.wait({writing, gone, over}, return_when=asyncio.FIRST_COMPLETED)
            if line.ending is not None and not gone.done():
                await asyncio.wait({writing, gone}, timeout=FAREWELL if line.ending.close == TOO_SLOW else PARTING)
        finally:
            tasks = (writing, following, gone, over)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self) -> None:
        try:
            await follow(self._board, self._line, self._channels, self._since)
        except Exception as error:  # noqa: BLE001 — every failure is told with its code
            self._line.end(ending_of(error))

    async def _write(self, send: Send) -> None:
        line = self._line
        while True:
            await line.changed()
            parts = [frame.as_event() for frame in line.take()]
            ending = line.ending if line.is_empty else None
            if ending is not None:
                parts.append(failed(ending.code, ending.detail, ending.close).as_event())
            await send({"type": "http.response.body", "body": b"".join(parts), "more_body": True})
            if ending is not None:
                return


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
