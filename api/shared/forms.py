"""Forms (application/x-www-form-urlencoded), which OAuth speaks instead of JSON (RFC 6749, appendix B): text only, each name once."""

import re
from collections.abc import Iterable
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar.openapi.spec import Example, OpenAPIMediaType, Parameter, Reference, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from api.shared.examples import example_of
from api.shared.problems import BodyRefused, FieldError
from api.shared.request import Req

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
MOST: Final = 40
"""Fields at most."""
_CONTENT: Final = re.compile(MEDIA_TYPE.replace(".", r"\.") + r"(?:\s*;\s*charset\s*=\s*\"?utf-?8\"?)?\s*$", re.IGNORECASE)


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that are read, each `str | None`; others are ignored, and empty ones count as left out (RFC 6749, 3.1 and 3.2)."""


F = TypeVar("F", bound=Form)


async def form_of(request: Req, shape: type[F]) -> F:
    """The form in a body; raises `BodyRefused` (415 for another content type)."""
    if not _CONTENT.match(request.headers.get("content-type", "")):
        raise BodyRefused([FieldError("", "unsupported_media_type", f"send {MEDIA_TYPE} in UTF-8")], 415, "unsupported_media_type")
    return _read(await request.body(), shape)


def query_of(request: Req, shape: type[F]) -> F:
    """The same for the query of an address; raises `BodyRefused`."""
    return _read(request.scope["query_string"], shape)


def _read(text: bytes, shape: type[F]) -> F:
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST)
    except ValueError as error:  # a UnicodeError is one, too
        raise BodyRefused([FieldError("", "malformed_form", "this is not a form in UTF-8")]) from error
    errors, found = [], dict[str, str]()
    for name, value in pairs:
        if name in found:
            errors.append(FieldError(name, "duplicate_parameter", "this parameter stands here twice"))
        elif "\0" in value:
            errors.append(FieldError(name, "unwritable_text", "text with NUL"))
        found[name] = value
    if errors:
        raise BodyRefused(errors)
    try:
        return msgspec.convert({name: value for name, value in found.items() if value}, shape)
    except msgspec.ValidationError as error:
        raise BodyRefused([FieldError("", "invalid", str(error))]) from error


def form_body(shape: type[Form], needed: Iterable[str] = ()) -> RequestBody:
    """The form in the document."""
    fields: dict[str, Reference | Schema] = {name: Schema(type=OpenAPIType.STRING, description=meaning) for name, meaning in _meanings(shape)}
    schema = Schema(type=OpenAPIType.OBJECT, properties=fields, required=list(needed) or None)
    usual = Example(value={name: value for name, value in example_of(shape).items() if value is not None})
    return RequestBody(required=True, content={MEDIA_TYPE: OpenAPIMediaType(schema=schema, examples={"usual": usual})})


def query_parameters(shape: type[Form]) -> list[Parameter]:
    """The same fields as parameters of an address, in the document."""
    text = Schema(type=OpenAPIType.STRING)
    return [Parameter(name=name, param_in="query", description=meaning, schema=text, required=False) for name, meaning in _meanings(shape)]


def _meanings(shape: type[Form]) -> Iterable[tuple[str, str]]:
    for field in msgspec.structs.fields(shape):
        kind: Any = msgspec.inspect.type_info(field.type)
        told = (kind.extra_json_schema or {}).get("description", "") if isinstance(kind, msgspec.inspect.Metadata) else ""
        yield field.encode_name, told
