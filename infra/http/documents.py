"""The documents of the API: OpenAPI 3.1, a page to read and try it that works without internet, and the list of problems."""

import html
import pathlib
from collections.abc import Iterator
from typing import Any, Final

import litestar_offline_docs
import msgspec
from litestar import MediaType, Request, Response, Router, get
from litestar._openapi.plugin import handle_schema_path_not_found
from litestar.exceptions import NotFoundException
from litestar.openapi.plugins import JsonRenderPlugin, SwaggerRenderPlugin, YamlRenderPlugin
from litestar.response import Redirect
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler

from api.live.document import asyncapi
from api.shared.access import PUBLIC
from api.shared.limits import UNLIMITED
from api.shared.parts import parts
from api.shared.problem_codes import BY_STATUS, FURTHER, status_of
from domain.shared.refused import Refused

OPEN: Final = {"needs": PUBLIC, "limit": UNLIMITED}
STATIC: Final = "/api/docs/static"
FILES: Final = pathlib.Path(litestar_offline_docs.__file__).parent / "static"


class Page(SwaggerRenderPlugin):
    """The page, without a script of its own inside, so that its Content-Security-Policy can forbid such ones."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page loads everything else, the document too, from here."""
        del request, openapi_schema
        return _PAGE.encode()


def document_plugins() -> list[Any]:
    """How the document is shown."""
    return [Page(), JsonRenderPlugin(), YamlRenderPlugin()]


def document_router() -> Router:
    """Where the framework puts its pages: open to everybody."""
    return Router("/api/docs", route_handlers=[], opt=OPEN, guards=[_no_page_of_errors], include_in_schema=False)


def _no_page_of_errors(_: Any, handler: Any) -> None:
    """The framework has an HTML page for what is not below this address; ours are problems like all others."""
    if handler.fn is handle_schema_path_not_found:
        raise NotFoundException


def document_routes() -> list[ControllerRouterHandler]:
    """The addresses people and programs try first."""
    static = create_static_files_router(STATIC, [FILES], opt=OPEN, include_in_schema=False)
    return [static, start, openapi_json, asyncapi_json, index, welcome, docs, problems]


@get("/api/docs/start.js", opt=OPEN, include_in_schema=False, media_type="text/javascript")
async def start() -> str:
    """What the page does when it is loaded."""
    return _START


@get("/openapi.json", opt=OPEN, include_in_schema=False)
async def openapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The document itself."""
    return Response(msgspec.json.encode(request.app.openapi_schema.to_schema()), media_type="application/json")


@get("/asyncapi.json", opt=OPEN, include_in_schema=False)
async def asyncapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What is told live."""
    return Response(msgspec.json.encode(asyncapi(parts(request).rules.address)), media_type="application/json")


@get("/", opt=OPEN, include_in_schema=False)
async def index() -> dict[str, str]:
    """What this is and where to read on."""
    return _WELCOME


@get("/api", opt=OPEN, include_in_schema=False)
async def welcome(request: Request[Any, Any, Any]) -> Response[Any]:
    """The page for browsers, the index for programs (requirement CF-45)."""
    if "text/html" in request.headers.get("accept", ""):
        return Redirect("/api/docs")
    return Response(_WELCOME, media_type=MediaType.JSON)


@get("/api-docs", opt=OPEN, include_in_schema=False)
async def docs() -> Redirect:
    """An old address."""
    return Redirect("/api/docs", status_code=308)


@get("/api/docs/problems", opt=OPEN, include_in_schema=False, media_type=MediaType.HTML)
async def problems() -> str:
    """Every code a problem can have: where the `type` of each problem points."""
    known = sorted(set(_codes()))
    rows = "".join(
        f'<tr id="{code}"><td><code>{code}</code></td><td>{status}</td><td>{html.escape(title)}</td></tr>' for code, status, title in known
    )
    head = "<tr><th>code</th><th>status</th><th>meaning</th></tr>"
    return f"<!doctype html><html lang=en><meta charset=utf-8><title>Problems</title><h1>Problems</h1><table>{head}{rows}</table></html>"


def _codes() -> Iterator[tuple[str, int, str]]:
    yield from ((code, status, title) for status, (code, title) in BY_STATUS.items())
    yield from ((code, status, title) for code, (status, title) in FURTHER.items())
    waiting = [Refused]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind is not Refused:
            yield kind.code(), status_of(kind), kind.title()


_PAGE: Final = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Daybook: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{STATIC}/swagger-ui.css">
<script src="{STATIC}/swagger-ui-bundle.js" defer></script>
<script src="/api/docs/start.js" defer></script>
<div id="page"></div>
</html>
"""
_START: Final = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,  // no picture from somebody else's server
  presets: [SwaggerUIBundle.presets.apis],
});
"""

_WELCOME: Final = {
    "name": "Daybook",
    "version": "1.0.0",
    "documentation": "/api/docs",
    "openapi": "/openapi.json",
    "asyncapi": "/asyncapi.json",
    "health": "/health",
}
