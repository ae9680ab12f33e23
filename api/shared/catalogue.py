"""Answers that are the same for everybody, so that caches between here and the client may keep them as long as the settings say."""

from typing import Any

import msgspec
from litestar import Response
from litestar.di import Provide

from api.shared.commanding import matches
from api.shared.parts import parts
from api.shared.querying import AllowStale, MinPosition
from api.shared.request import Req
from projections.shared.reading import Freshness

_encode = msgspec.json.Encoder().encode


def of_anybody(min_position: MinPosition = None, allow_stale: AllowStale = False) -> Freshness:  # noqa: FBT002 — a parameter.
    """How new the answer must be: as new as the newest event that concerns it, whoever caused that."""
    return Freshness(min_position=min_position or 0, allow_stale=allow_stale, of_anybody=True)


FRESH = {"fresh": Provide(of_anybody, sync_to_thread=False)}


def headers(request: Req, tag: str, *, position: int, stale: bool = False) -> dict[str, str]:
    """What travels with an answer for everybody; one that is out of date is kept by nobody. `tag` as it is written, with its quotes."""
    kept = "no-store" if stale else f"public, max-age={parts(request).rules.catalogue_max_age}, must-revalidate"
    told = {"ETag": tag, "Cache-Control": kept, "Daybook-Position": str(position)}
    return told | {"Daybook-Stale": "true"} if stale else told


def has(request: Req, tag: str) -> bool:
    """Whether the client has what this tag names."""
    return matches(request, tag.removeprefix("W/").strip('"'))


def unchanged(told: dict[str, str]) -> Response[bytes]:
    """304: the client has it."""
    return Response(b"", status_code=304, headers=told)


def for_everybody(request: Req, shown: Any, tag: str, *, position: int, stale: bool = False) -> Response[bytes]:
    """An answer with its ETag; 304 when the client has it."""
    told = headers(request, tag, position=position, stale=stale)
    return unchanged(told) if has(request, tag) else Response(_encode(shown), media_type="application/json", headers=told)
