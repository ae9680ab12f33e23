"""Answering queries: freshness in, position and ETag out, pages with opaque cursors."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from litestar import Response
from litestar.params import QueryParameter
from litestar.response import Stream

from api.shared.access import caller
from api.shared.commanding import matches
from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from api.shared.request import Req
from projections.identity.masking import Viewer
from projections.shared.reading import Freshness

DEFAULT_LIMIT: Final = 50
T = TypeVar("T")
Limit = Annotated[int | None, QueryParameter(ge=1, le=200, description="How many at most; 50 where left out, unless the operation says otherwise.")]
Cursor = Annotated[str | None, QueryParameter(max_length=4000, description="Where the last page ended (`next_cursor`); opaque.")]
FROM_ZERO: Final = {"minimum": 0}
"""For the document: the framework takes a least number of 0 for none where a parameter may be left out."""
MinPosition = Annotated[
    int | None,
    QueryParameter(ge=0, schema_extra=FROM_ZERO, description="Show at least this position of the log (`position` of a command's answer)."),
]
AllowStale = Annotated[bool, QueryParameter(description="Rather an old answer than 503 when the view has not caught up.")]
_encode = msgspec.json.Encoder().encode


class Page(msgspec.Struct, Generic[T], frozen=True, omit_defaults=True):
    """A part of a list; `next_cursor` is null on the last one. `incomplete`: something is parked and missing here."""

    items: Sequence[T]
    next_cursor: str | None
    incomplete: bool = False


def freshness(request: Req, min_position: MinPosition = None, allow_stale: AllowStale = False) -> Freshness:  # noqa: FBT002 — a parameter.
    """How new the answer must be: as new as the caller's own newest event."""
    return Freshness(caller(request).id, min_position=min_position or 0, allow_stale=allow_stale)


def viewer(request: Req) -> Viewer:
    """Who looks: only administrators see the names and e-mails of others in clear."""
    who = caller(request)
    return Viewer(who.id, who.is_admin)


def one(request: Req, shown: msgspec.Struct, *, version: int | str, position: int, stale: bool = False) -> Response[bytes]:
    """A single resource with its ETag; 304 when the client has it."""
    headers = _headers(position, stale=stale) | {"ETag": f'"{version}"'}
    if matches(request, version):
        return Response(b"", status_code=304, headers=headers)
    return Response(_encode(shown), media_type="application/json", headers=headers)


def tagged(request: Req, told: Any, *, position: int, stale: bool = False) -> Response[bytes]:
    """An answer with a digest of what it shows and to whom as its ETag; 304 when this client has it.

    Nobody's cache may show it without asking, and whoever may not ask any more gets no answer at all.
    """
    body = _encode(told)
    tag = hashlib.blake2b(str(caller(request).id).encode() + b"\0" + body, digest_size=12).hexdigest()
    headers = _headers(position, stale=stale) | {"ETag": f'W/"{tag}"', "Cache-Control": "private, no-cache", "Vary": "Authorization, X-API-Key"}
    if matches(request, tag):
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def with_link(request: Req, answer: Response[bytes], following: str | None) -> Response[bytes]:
    """The same answer with the link to the next page, where there is one."""
    if following is not None:
        answer.headers["Link"] = _link(request, following)
    return answer


def page(
    request: Req, items: Sequence[Any], *, position: int, following: str | None = None, stale: bool = False, incomplete: bool = False
) -> Response[bytes]:
    """A page of a list with the link to the next one."""
    headers = _headers(position, stale=stale)
    if following is not None:
        headers["Link"] = _link(request, following)
    body = _encode(Page(items, following, incomplete)) if incomplete else _encode({"items": items, "next_cursor": following})
    return Response(body, media_type="application/json", headers=headers)


def _link(request: Req, following: str) -> str:
    kept = "&".join(part for part in request.scope["query_string"].decode("latin-1").split("&") if part and not part.startswith("cursor="))
    return f'<{request.url.path}?{kept + "&" if kept else ""}cursor={following}>; rel="next"'


def _headers(position: int, *, stale: bool) -> dict[str, str]:
    headers = {"Daybook-Position": str(position), "Cache-Control": "no-store"}
    return headers | {"Daybook-Stale": "true"} if stale else headers


def streamed(
    rows: AsyncIterator[Sequence[Any]], cursor_of: Callable[[Any], str], most: int, position: int, headers: dict[str, str] | None = None
) -> Stream:
    """A whole list, written as it is read; past `most` items it ends with a `next_cursor`, never silently."""

    async def write() -> AsyncIterator[bytes]:
        yield b'{"items":['
        count, following, last = 0, None, None
        async for part in rows:
            taken = part[: most - count]
            if taken:
                yield (b"," if count else b"") + _encode(taken)[1:-1]
                count, last = count + len(taken), taken[-1]
            if len(taken) < len(part):
                following = cursor_of(last)
                break
        yield b'],"next_cursor":' + _encode(following) + b"}"

    return Stream(write(), media_type="application/json", headers=headers or _headers(position, stale=False))


def write_cursor(request: Req, *values: Any) -> str:
    """An opaque, signed place in a list."""
    body = _encode(values)
    return base64.urlsafe_b64encode(_sign(request, body) + body).rstrip(b"=").decode()


def read_cursor(request: Req, text: str | None, shape: Any) -> Any:
    """The values of a cursor (None for none); raises 400 `invalid_cursor` for everything this server did not write."""
    if text is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if not hmac.compare_digest(raw[:8], _sign(request, raw[8:])):
            raise ValueError(text)
        return msgspec.json.decode(raw[8:], type=shape)
    except (ValueError, msgspec.DecodeError) as error:
        raise BodyRefused([FieldError("cursor", "invalid_cursor", "this is not a cursor of this list")], 400, "invalid_cursor") from error


def _sign(request: Req, body: bytes) -> bytes:
    secret = parts(request).cursor_secret
    return hashlib.blake2b(str(request.scope.get("path_template", "")).encode() + b"\0" + body, key=secret[:64], digest_size=8).digest()
