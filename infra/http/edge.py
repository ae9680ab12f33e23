"""The edge: one ASGI layer around the whole API for trace ids, security headers, draining, metrics and the access log."""

import os
import re
import time
from collections.abc import Sequence
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Send
from prometheus_client import Counter, Histogram

from api.shared.health import Health
from infra.addresses import Network, client_of, is_among
from infra.http.access_log import AccessLog
from infra.http.bodies_out import packed, without_body

TRACEPARENT: Final = re.compile(rb"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
SAFE_ID: Final = re.compile(rb"[\x21-\x7e]{1,128}$")
SECURITY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"vary", b"Accept, Accept-Encoding"),
)
NO_STORE: Final = (b"cache-control", b"no-store")
STRICT_TRANSPORT: Final = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
POLICY: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_PAGE: Final = """default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;
 font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"""
PAGE_POLICY: Final = (b"content-security-policy", _PAGE.replace("\n", "").encode())
API: Final = (*SECURITY, POLICY)
PAGE: Final = (*SECURITY, PAGE_POLICY, (b"cross-origin-opener-policy", b"same-origin"))
SECONDS: Final = Histogram(
    "daybook_request_seconds",
    "Time to answer, by route.",
    ["route", "method", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
IN_FLIGHT: Final = Counter("daybook_requests_total", "Requests begun.")


class Edge:
    """Wraps the API. What proxies say of a client is believed only of those in the `trusted` networks."""

    def __init__(self, app: ASGIApp, health: Health, log: AccessLog, trusted: Sequence[Network] = ()) -> None:
        self._app = app
        self._health = health
        self._log = log
        self._trusted = trusted
        self._series: dict[tuple[str, str, int], Any] = {}
        self.in_flight = 0
        self.conversations = 0

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Pass a request through."""
        if scope["type"] == ScopeType.WEBSOCKET:
            await self._converse(scope, receive, send)
            return
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500
        headers: dict[bytes, bytes] = dict(scope["headers"])
        self._look_behind_proxies(scope, headers)
        trace_id, more = self._trace(headers)
        scope["trace_id"] = trace_id
        scope["path"] = scope["path"] or "/"
        more += PAGE if scope["path"].startswith("/api/docs") else API
        if scope["scheme"] == "https":
            more.append(STRICT_TRANSPORT)
        # The packed size of a sign-in's answer could tell about the secret in it (BREACH).
        may_pack = b"gzip" in headers.get(b"accept-encoding", b"") and not scope["path"].startswith(("/api/v1/auth/", "/oauth/"))
        pass_on = packed(send) if may_pack else send
        method = scope["method"]
        if method == "HEAD":
            # A copy: the web server goes by the method in its own one when it counts the body.
            scope, pass_on = {**scope, "method": "GET", "without_body": True}, without_body(send)

        async def send_more(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status, told = message["status"], message["headers"]
                names = [name for name, _ in told]
                added = more if NO_STORE[0] in names else [*more, NO_STORE]
                if POLICY[0] in names:  # A page brings its own; two would both count.
                    added = [one for one in added if one[0] != POLICY[0]]
                message["headers"] = [*told, *added, *scope.get("limits", ())]
            await pass_on(message)

        IN_FLIGHT.inc()
        self.in_flight += 1
        try:
            await self._app(scope, receive, send_more)
        finally:
            self.in_flight -= 1
            scope["method"] = method
            self._note(scope, status, time.perf_counter() - began, trace_id)

    async def _converse(self, scope: Any, receive: Receive, send: Send) -> None:
        """A WebSocket: headers with its handshake, one line when it ends."""
        began, status = time.perf_counter(), 403
        headers: dict[bytes, bytes] = dict(scope["headers"])
        self._look_behind_proxies(scope, headers)
        scope["trace_id"], more = self._trace(headers)
        more += API
        if scope["scheme"] == "wss":
            more.append(STRICT_TRANSPORT)

        async def send_more(message: Any) -> None:
            nonlocal status
            if message["type"] == "websocket.accept":
                status = 101
                message["headers"] = [*message.get("headers", ()), *more]
            await send(message)

        self.conversations += 1
        try:
            await self._app(scope, receive, send_more)
        finally:
            self.conversations -= 1
            self._log.note({**scope, "method": "GET"}, status, time.perf_counter() - began, scope["trace_id"])

    def _look_behind_proxies(self, scope: Any, headers: dict[bytes, bytes]) -> None:
        if not self._trusted or scope["client"] is None or not is_among(scope["client"][0], self._trusted):
            return
        forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        scope["client"] = (client_of(scope["client"][0], forwarded.decode("latin-1"), self._trusted), 0)
        if headers.get(b"x-forwarded-proto") in {b"https", b"http"}:
            secure = headers[b"x-forwarded-proto"] == b"https"
            plain = "ws" if scope["type"] == ScopeType.WEBSOCKET else "http"
            scope["scheme"] = plain + "s" * secure

    @staticmethod
    def _trace(headers: dict[bytes, bytes]) -> tuple[str, list[tuple[bytes, bytes]]]:
        given = TRACEPARENT.match(headers.get(b"traceparent", b""))
        trace_id = given.group(1) if given and given.group(1) != b"0" * 32 else os.urandom(16).hex().encode()
        request_id = headers.get(b"x-request-id", b"")
        echoed = request_id if SAFE_ID.match(request_id) else trace_id
        parent = b"00-" + trace_id + b"-" + os.urandom(8).hex().encode() + b"-01"
        return trace_id.decode(), [(b"x-request-id", echoed), (b"traceparent", parent)]

    def _note(self, scope: Any, status: int, seconds: float, trace_id: str) -> None:
        route = scope.get("path_template") or "other"
        name = (route, scope["method"], status)
        series = self._series.get(name)
        if series is None:
            series = self._series[name] = SECONDS.labels(*map(str, name))
        if not scope.get("lasts"):  # As long as its client listens, which says nothing about us.
            series.observe(seconds)
        if not route.startswith(("/live", "/ready", "/metrics", "/health")):
            self._log.note(scope, status, seconds, trace_id)
