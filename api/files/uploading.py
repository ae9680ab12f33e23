"""A file as clients send it: one part of a form (RFC 7578), passed on piece by piece as it comes and never held in memory."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import msgspec
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from multipart import (  # type: ignore[import-untyped]  # as litestar says of it, too
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from api.shared.problems import MEDIA_TYPE as PROBLEM
from api.shared.problems import BodyRefused, FieldError, Problem
from api.shared.request import Req
from api.shared.streaming import pieces_of
from application.shared.outside import Draft
from domain.files.errors import PayloadTooLarge
from domain.files.media_type import Sniffer

MEDIA_TYPE: Final = "multipart/form-data"
FILE: Final = "file"
AROUND: Final = 65_536
"""Bytes that a form may have around its file."""
LONGEST_FIELD: Final = 200
PARTS: Final = 8
REFUSED: Final = {
    status: ResponseSpec(Problem, description=text, media_type=PROBLEM, generate_examples=False)
    for status, text in (
        (413, "The file is larger than files may be: `payload_too_large`."),
        (415, "No form, or a file that is not taken: `unsupported_media_type`, `file_infected`."),
    )
}
Field = Callable[[str, str], Awaitable[None]]
"""Takes the name and the text of a field beside the file; raises what is wrong with it."""


class Sent(msgspec.Struct, frozen=True):
    """What is known of a file once all of it came by."""

    name: str
    size: int
    sha256: str
    media_type: str

    @property
    def told(self) -> bytes:
        """What stands for the whole body where two requests are compared."""
        return msgspec.json.encode(self)


async def received(request: Req, draft: Draft, field: Field, *, most: int) -> Sent:
    """Write the one file of the body into the draft; at most so many bytes. Raises `BodyRefused`, `PayloadTooLarge`, `UnsupportedMediaType`."""
    reading = _Form(draft, field, most)
    try:
        with PushMultipartParser(_boundary(request), max_segment_count=PARTS, strict=True) as parser:
            async for piece in _pieces(request, most + AROUND):
                for event in parser.parse(piece):
                    await reading.take(event)
                if parser.closed:
                    break
    except MultipartError as error:
        raise BodyRefused([FieldError("", "malformed_form", f"this is not a form with a file: {error}")]) from error
    return reading.sent()


def must_fit(request: Req, most: int) -> None:
    """Raises `PayloadTooLarge` for a body that says itself that it is too large, before any of it is read."""
    size = request.headers.get("content-length", "")
    if size.isdigit() and (len(size) > 18 or int(size) > most + AROUND):
        raise _too_large(most)


class _Form:
    """The parts of one form, in the order they come."""

    def __init__(self, draft: Draft, field: Field, most: int) -> None:
        self._draft = draft
        self._field = field
        self._most = most
        self._part: MultipartSegment | None = None
        self._text = b""
        self._file: MultipartSegment | None = None
        self._sniffer, self._hash, self._size = Sniffer(), hashlib.sha256(), 0

    async def take(self, event: Any) -> None:
        """A part begins, goes on, or ends."""
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif event is not None:
            await self._go_on(bytes(event))
        elif self._part is not None and self._part is not self._file:
            try:
                text = self._text.decode()
            except UnicodeDecodeError as error:
                raise BodyRefused([FieldError(f"/{self._part.name}", "malformed_form", "text in UTF-8")]) from error
            await self._field(self._part.name, text)

    def sent(self) -> Sent:
        """What came; raises `BodyRefused` where there was no file, `UnsupportedMediaType` for one that is not taken."""
        if self._file is None:
            raise BodyRefused([FieldError(f"/{FILE}", "required", "the form needs a file")])
        name = self._file.filename or ""
        media_type = self._sniffer.media_type(self._file.header("Content-Type", "") or "", name)
        return Sent(name, self._size, self._hash.hexdigest(), media_type)

    def _begin(self, part: MultipartSegment) -> None:
        self._part, self._text = part, b""
        if part.filename is None:
            return
        if part.name != FILE:
            raise BodyRefused([FieldError(f"/{part.name}", "unknown_field", f"the file is expected in the field {FILE}")])
        if self._file is not None:
            raise BodyRefused([FieldError(f"/{FILE}", "duplicate_parameter", "one file at a time")])
        self._file = part

    async def _go_on(self, piece: bytes) -> None:
        if self._part is self._file:
            self._size += len(piece)
            if self._size > self._most:
                raise _too_large(self._most)
            self._sniffer.feed(piece)
            self._hash.update(piece)
            await self._draft.write(piece)
            return
        self._text += piece
        if len(self._text) > LONGEST_FIELD:
            raise BodyRefused([FieldError(f"/{self._part.name if self._part else ''}", "too_long", f"at most {LONGEST_FIELD} bytes")])


def _boundary(request: Req) -> str:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != MEDIA_TYPE or not options.get("boundary"):
        raise BodyRefused([FieldError("", "unsupported_media_type", f"send {MEDIA_TYPE} with a boundary")], 415, "unsupported_media_type")
    return str(options["boundary"])


async def _pieces(request: Req, most: int) -> AsyncIterator[bytes]:
    """The body as it comes; raises `PayloadTooLarge`."""
    size = 0
    async for piece in pieces_of(request):
        size += len(piece)
        if size > most:
            raise _too_large(most - AROUND)
        yield piece


def _too_large(most: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"A file may have {most} bytes.", limit=most)


def form_with(**fields: Schema) -> Callable[[Operation], None]:
    """Says in the document that a form is sent: the file, and these fields before it."""

    def describe(operation: Operation) -> None:
        file = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, description="The file, with its name and media type.")
        schema = Schema(type=OpenAPIType.OBJECT, properties={**fields, FILE: file}, required=[*fields, FILE], additional_properties=False)
        usual = {name: (shown.examples or [""])[0] for name, shown in fields.items()} | {FILE: "name,size\nfan,12\n"}
        operation.request_body = RequestBody(
            required=True, content={MEDIA_TYPE: OpenAPIMediaType(schema=schema, examples={"usual": Example(value=usual)})}
        )

    return describe
