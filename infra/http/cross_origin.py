"""Pages of other origins: which may call, and that nobody else pays for the question."""

from typing import Any, Final

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.middleware._internal.cors import CORSMiddleware

from api.shared.operations import LIMITS

SHOWN: Final = (
    "ETag", "Location", "Link", "Retry-After", "Daybook-Position", "Daybook-Stale", "Idempotent-Replayed", "X-Request-Id", "traceparent",
    *LIMITS,
)  # fmt: skip


def cross_origin(app: Litestar, origins: tuple[str, ...]) -> Litestar:
    """The application, with these origins let in; whoever lists `*` gets no credentials with it.

    The framework's own layer stands before requests that name an origin, as those of browsers do; for all others it costs 20 µs each.
    """
    if not origins:
        return app
    exact = not any("*" in origin for origin in origins)
    config = CORSConfig(allow_origins=list(origins), allow_credentials=exact, expose_headers=list(SHOWN), max_age=86_400)
    usual = app.asgi_handler
    guarded = CORSMiddleware(usual, config)

    async def choose(scope: Any, receive: Any, send: Any) -> None:
        names_one = scope["type"] == "http" and any(name == b"origin" for name, _ in scope["headers"])
        await (guarded if names_one else usual)(scope, receive, send)

    app.asgi_handler = choose
    return app
