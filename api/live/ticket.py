"""A ticket for clients that cannot send headers, as a browser's WebSocket and EventSource: the token itself never stands in an address."""

from datetime import datetime, timedelta

import msgspec
from litestar import Response

from api.live.switchboard import NotLive
from api.shared.access import proof
from api.shared.commanding import context
from api.shared.parts import parts
from api.shared.request import Req
from api.shared.routing import command

SECONDS = 30


class Ticket(msgspec.Struct, frozen=True):
    """Good once, until `expires_at`: as `?ticket=` of `/api/v1/live`."""

    ticket: str
    expires_at: datetime


@command("/api/v1/live/tickets", needs="live:connect", keeps_proof=True, answers=Ticket, status=201, tags=["live"])
async def issue_live_ticket(request: Req) -> Response[bytes]:
    """Get a ticket for live updates.

    It stands for the token or key of this request, once and for 30 s. Never stored under an idempotency key: each request gets its own.
    """
    known = parts(request)
    await context(request)  # An idempotency key must be one; there is no body to guard against.
    if known.tickets is None:
        raise NotLive
    ticket = Ticket(await known.tickets.issue(proof(request).text), known.log.now() + timedelta(seconds=SECONDS))
    body = msgspec.json.encode(ticket)
    return Response(body, status_code=201, media_type="application/json", headers={"Cache-Control": "no-store"})
