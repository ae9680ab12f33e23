"""Request bodies: JSON in UTF-8 straight into a struct, strictly; every misfit named by pointer and code."""

import re
from collections.abc import Generator
from typing import Any, ClassVar, Final

import msgspec
from litestar.dto import AbstractDTO
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from api.shared.allowed import allowed_at
from api.shared.problem_codes import code_for
from api.shared.problems import BodyRefused, FieldError
from api.shared.strict_json import DEPTH, refuse_ambiguous

_JSON: Final = re.compile(r"application/(?:[\w.-]+\+)?json(?:\s*;\s*charset\s*=\s*\"?utf-?8\"?)?\s*$", re.IGNORECASE)


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body; unknown fields are refused (no mass assignment)."""

    further_rules: ClassVar[dict[str, Any]] = {}
    """What its JSON schema says beyond the types of its fields."""


class StrictBody(AbstractDTO[Any]):
    """Decodes `data` with msgspec in strict mode; litestar's own way converts numbers and words leniently."""

    _decoders: ClassVar[dict[str, msgspec.json.Decoder[Any]]] = {}
    _known: ClassVar[dict[Any, msgspec.json.Decoder[Any]]] = {}
    """The same by the handlers themselves: making a handler's id takes longer than decoding."""

    @classmethod
    def create_for_field_definition(cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None) -> None:  # noqa: ARG003 — the signature litestar calls.
        """Prepare the decoder of a handler's `data`."""
        if field_definition.name == "data":
            cls._decoders[handler_id] = msgspec.json.Decoder(field_definition.annotation)

    def decode_bytes(self, value: bytes) -> Any:
        """The body; raises `BodyRefused` (400, or 415 for another content type)."""
        connection = self.asgi_connection
        if not _JSON.match(connection.headers.get("content-type", "")):
            raise BodyRefused([FieldError("", "unsupported_media_type", "send application/json in UTF-8")], 415, "unsupported_media_type")
        handler = connection.route_handler
        decoder = self._known.get(handler)
        if decoder is None:
            decoder = self._known[handler] = self._decoders[handler.handler_id]
        return decode(decoder, value)

    @classmethod
    def create_openapi_schema(cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any) -> Reference | Schema:  # noqa: ARG003 — the signature litestar calls.
        """The schema of the struct itself."""
        found: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return found

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Generator[Any, None, None]:  # noqa: ARG003 — the signature litestar calls.
        """Not used: nothing is transferred field by field."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:  # noqa: ARG003 — the signature litestar calls.
        """Not used."""
        return False


def decode(decoder: msgspec.json.Decoder[Any], value: bytes) -> Any:
    """A body by its decoder; raises `BodyRefused` naming what does not fit."""
    try:
        found = decoder.decode(value)
        refuse_ambiguous(value)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        pointer, code = _pointer(path.rstrip("`"), message), code_for(message)
        words = allowed_at(decoder.type, pointer) if code == "not_allowed" else []
        raise BodyRefused([FieldError(pointer, code, f"{message}: one of {', '.join(words)} is meant" if words else message)]) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BodyRefused([FieldError("", "malformed_json", str(error))], 400, "malformed_json") from error
    except RecursionError as error:
        raise BodyRefused([FieldError("", "too_deep", f"more than {DEPTH} levels")]) from error
    return found


def _pointer(path: str, message: str) -> str:
    named = re.search(r"field `([^`]+)`", message)
    pointer = re.sub(r"\[(\d+|\.\.\.)\]", r"/\1", path).replace(".", "/").replace("`", "")
    return f"{pointer}/{named.group(1)}" if named else pointer
