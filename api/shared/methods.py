"""Which methods an address knows; the framework would name only those of one of the routes there."""

import re
from typing import Any, Final
from uuid import UUID

from api.shared.request import Req

UUID_TEXT: Final = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")


def _fits(known: Any, part: str) -> bool:
    if isinstance(known, str) or known.type is not UUID:
        return not isinstance(known, str) or known == part
    return UUID_TEXT.fullmatch(part) is not None


def allowed_at(request: Req) -> str:
    """The methods an address knows."""
    asked = [part for part in request.url.path.split("/") if part]

    def fits(known: Any) -> bool:
        return len(known) == len(asked) and all(_fits(one, part) for one, part in zip(known, asked, strict=True))

    known = {method for route in request.app.routes if fits(route.path_components) for method in getattr(route, "methods", ())}
    return ", ".join(sorted(known | ({"HEAD"} if "GET" in known else set())))
