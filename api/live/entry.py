"""Coming in: from which pages, and what a refusal is called on a connection that is no request any more."""

import logging
from typing import Any
from urllib.parse import urlsplit

from litestar import Litestar
from litestar.connection import ASGIConnection

from api.live.line import BAD_PROOF, FORBIDDEN, LATER, NOT_UNDERSTOOD, Ending
from api.live.switchboard import Switchboard
from api.shared.parts import parts
from domain.shared.refused import Conflict, Forbidden, NotFound, Refused, TooMany, Unauthenticated, Unavailable

log = logging.getLogger(__name__)
CODES: tuple[tuple[type[Refused], int], ...] = (
    (Unauthenticated, BAD_PROOF),
    (Forbidden, FORBIDDEN),
    (NotFound, FORBIDDEN),
    (TooMany, LATER),
    (Unavailable, LATER),
    (Conflict, NOT_UNDERSTOOD),
)


class ForeignOrigin(Forbidden):
    """Pages of this origin may not listen here."""


def must_come_from_here(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Raises `ForeignOrigin` for a page that is not among those that may call; programs name no origin."""
    origin, rules = connection.headers.get("origin"), parts(connection).rules
    if origin is None or "*" in rules.cors_origins or origin in rules.cors_origins:
        return
    try:
        foreign = urlsplit(origin)[:2] != urlsplit(rules.address)[:2]
    except ValueError:  # Nothing that could be an origin, such as `http://[`.
        foreign = True
    if foreign:
        raise ForeignOrigin


def switchboard(app: Litestar) -> Switchboard:
    """The one of this application."""
    found: Switchboard | None = app.state.get("live")
    if found is None:
        found = app.state["live"] = Switchboard(app.state["parts"])
    return found


def ending_of(error: Exception) -> Ending:
    """How a connection ends that was refused; a server that is away is worth another try."""
    if isinstance(error, Refused):
        return Ending(next((close for kind, close in CODES if isinstance(error, kind)), NOT_UNDERSTOOD), error.code(), error.detail)
    log.warning("live updates need something that is away", extra={"error": repr(error)})
    return Ending(LATER, "dependency_unavailable", "Something this needs is not there at the moment.")
