"""Where the link at the end of a mail leads (RFC 8058): mail programs post to it at once, people are asked first.

Looking changes nothing, since programs look at every link of a mail; the proof in the link turns off mails and nothing else. The usual
rate limit holds: large mail services ask for many people from few addresses.
"""

import html
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from api.shared.access import PUBLIC
from api.shared.commanding import context
from api.shared.parts import parts
from application.notifications.preferences import EVERYTHING, TurnMailOff
from domain.identity.errors import InvalidLink
from domain.notifications.kind import Kind

POLICY = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
What = Annotated[str, QueryParameter(max_length=40)]
Token = Annotated[str, QueryParameter(max_length=160)]


def unsubscribe_pages() -> list[ControllerRouterHandler]:
    """The page and what its button does."""
    return [unsubscribe_page, unsubscribe]


@get("/unsubscribe", needs=PUBLIC, include_in_schema=False)
async def unsubscribe_page(what: What, token: Token) -> Response[str]:
    """To be asked."""
    action = f"/unsubscribe?what={html.escape(what)}&amp;token={html.escape(token)}"
    return _page(f"No more mails about {_named(what)}?", f'<form method="post" action="{action}"><p><button>No more mails</button></p></form>')


@post("/unsubscribe", needs=PUBLIC, status_code=200, include_in_schema=False)
async def unsubscribe(request: Request[Any, Any, Any], what: What, token: Token) -> Response[str]:
    """To turn these mails off; whatever is posted, the link says it all."""
    try:
        await parts(request).dispatch(TurnMailOff(what=what, token=token), await context(request))
    except InvalidLink:
        return _page("This link is not whole", "<p>Nothing was changed. Open the link of the mail again.</p>", 400)
    return _page("Done", f"<p>You get no more mails about {_named(what)}. Your preferences turn them on again.</p>")


def _named(what: str) -> str:
    """A kind as people say it; a word that is none of ours is not repeated."""
    return what.replace("_", " ") if what == EVERYTHING or what in set(Kind) else "this"


def _page(title: str, rest: str, status: int = 200) -> Response[str]:
    text = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Daybook</title></head><body><h1>{title}</h1>{rest}</body></html>
"""
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(text, status_code=status, media_type="text/html", headers=headers)
