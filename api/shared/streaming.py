"""A body that is passed on as it comes, and never held in memory."""

from collections.abc import AsyncIterator
from typing import Any

from api.shared.problems import BodyRefused, FieldError
from api.shared.request import Req


async def pieces_of(request: Req) -> AsyncIterator[bytes]:
    """The body in pieces. Raises `BodyRefused` when the client hangs up: the framework's own way would log that as a fault of ours."""
    more = True
    while more:
        event: Any = await request.receive()
        if event["type"] == "http.disconnect":
            raise BodyRefused([FieldError("", "malformed_body", "the body ended too early")])
        piece, more = event.get("body", b""), event.get("more_body", False)
        if piece:
            yield piece
