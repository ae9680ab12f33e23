"""The route handler of hot paths: litestar's own, without what it does for each request and nobody here needs."""

from typing import Any

from litestar import Litestar, Response
from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from api.shared.request import Req


class Route(HTTPRouteHandler):
    """A handler that is not copied for its guards (30 µs), and whose encoded answers are sent as they are (20 µs)."""

    async def authorize_connection(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Run the guards; ours change nothing of the handler."""
        for guard in self.resolve_guards():
            await guard(connection, self)  # type: ignore[misc]  # as litestar does

    async def to_response(self, app: Litestar, data: Any, request: Req) -> ASGIApp:
        """The answer as an ASGI application."""
        if type(data) is Response and type(data.content) is bytes and data.content and not data.cookies:
            media = data.media_type
            if isinstance(media, str) and media.startswith("application/"):
                return _Encoded(data.status_code or self.status_code, media, data.headers, data.content)
        return await super().to_response(app, data, request)


class _Encoded:
    """An answer that is complete: two messages."""

    def __init__(self, status: int, media: str, headers: Any, body: bytes) -> None:
        self._status = status
        self._headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        self._headers += ((b"content-type", media.encode("latin-1")), (b"content-length", b"%d" % len(body)))
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 — the signature of ASGI.
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})
