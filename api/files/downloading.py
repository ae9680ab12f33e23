"""A file on its way to a client: as an attachment that no browser runs (RFC 6266), whole or one range of it (RFC 9110, 14)."""

import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIHeader, OpenAPIMediaType, OpenAPIResponse, Operation, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.response import Stream

from api.shared.commanding import matches
from api.shared.problems import problem
from api.shared.request import Req
from application.shared.outside import ByteStore
from domain.files.stored_file import StoredFile

SANDBOX: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
_RANGES: Final = re.compile(r"bytes=(.*)", re.IGNORECASE)
_RANGE: Final = re.compile(r"([0-9]*)-([0-9]*)")
_UNFIT: Final = re.compile(r'[^ -~]|["\\%]')
ATTRIBUTE: Final = "!#$&+-.^_`|~"
"""What stands for itself in an extended parameter (RFC 8187, 3.2.1)."""


BYTES: Final = {
    status: ResponseSpec(bytes, description=text, media_type="*/*", generate_examples=False)
    for status, text in ((200, "The whole file."), (206, "The range of it that was asked for."))
}


class Span(msgspec.Struct, frozen=True):
    """Bytes from `start` up to, not with, `end`."""

    start: int
    end: int


class Unsatisfiable(Exception):
    """No byte of the file is in the range that was asked for."""


def span_of(header: str, size: int) -> Span | None:
    """The one range of a Range header; None where the whole file is the answer: no range, several, another unit, or nothing that is one.

    Raises `Unsatisfiable`.
    """
    asked = _RANGES.fullmatch(header.strip())
    found = None if asked is None else _RANGE.fullmatch(asked[1].strip())
    if found is None or not (found[1] or found[2]):
        return None
    first, last = _number(found[1]), _number(found[2])
    if not found[1]:
        if last == 0:
            raise Unsatisfiable
        return Span(max(size - last, 0), size) if size else None
    if found[2] and last < first:
        return None
    if first >= size:
        raise Unsatisfiable
    return Span(first, min(last + 1, size) if found[2] else size)


def _number(digits: str) -> int:
    return int(digits or "0") if len(digits) < 19 else 10**18


def attachment(name: str) -> str:
    """A Content-Disposition that every client can read: the name in ASCII, and as it is."""
    return f"attachment; filename=\"{_UNFIT.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe=ATTRIBUTE)}"


async def download(request: Req, store: ByteStore, file: StoredFile, name: str, position: int) -> Response[Any]:
    """The bytes, or those of them that were asked for; raises `BytesMissing`, `StoreUnavailable` before anything is sent."""
    headers = {
        "ETag": f'"{file.sha256}"',
        "Accept-Ranges": "bytes",
        "Content-Disposition": attachment(name),
        "Content-Security-Policy": SANDBOX,
        "Cache-Control": "no-store",
        "Daybook-Position": str(position),
    }
    if matches(request, file.sha256):
        return Response(b"", status_code=304, headers=headers)
    try:
        span = span_of(request.headers.get("range", ""), file.size) if _may_be_a_part(request, file) else None
    except Unsatisfiable:
        answer = problem(request, 416)
        answer.headers["Content-Range"] = f"bytes */{file.size}"
        return answer
    whole = span or Span(0, file.size)
    headers["Content-Length"] = str(whole.end - whole.start)
    if span is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{file.size}"
    # HEAD looks at the first bytes only, so that it says 503 where GET would.
    pieces = store.read(file.id, whole.start, min(1, whole.end) if request.scope.get("without_body") else whole.end)
    return Stream(await _begun(pieces), status_code=200 if span is None else 206, media_type=file.media_type, headers=headers)


def _may_be_a_part(request: Req, file: StoredFile) -> bool:
    """Whether this may be asked for (HEAD has no parts, 14.2), and the client's other parts are of the same file (If-Range, 13.1.5); a date
    never is a strong proof of that.
    """
    if request.scope.get("without_body"):
        return False
    condition = request.headers.get("if-range", "").strip()
    return not condition or condition == f'"{file.sha256}"'


async def _begun(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces, the first of which is there already."""
    first = await anext(pieces, b"")

    async def all_of_them() -> AsyncIterator[bytes]:
        async with aclosing(pieces) as rest:  # type: ignore[type-var]  # every store's pieces come from a generator
            if first:
                yield first
            async for piece in rest:
                yield piece

    return all_of_them()


def describe(operation: Operation) -> None:
    """Says in the document which headers come with the bytes."""
    text = Schema(type=OpenAPIType.STRING)
    told = {"ETag": "The SHA-256 of the whole file.", "Accept-Ranges": "`bytes`.", "Content-Disposition": "An attachment, and its name."}
    for code in ("200", "206"):
        response = (operation.responses or {})[code]
        if isinstance(response, OpenAPIResponse):
            headers = {name: OpenAPIHeader(description=meaning, schema=text, param_in="header", name="") for name, meaning in told.items()}
            response.headers = {**(response.headers or {}), **headers}
            response.content = {"*/*": OpenAPIMediaType(schema=text, examples={"usual": Example(value="name,size\nfan,12\n")})}
