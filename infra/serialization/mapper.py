"""Frozen structs to recorded bytes and back, under their pinned names, with old shapes upcast on the way in."""

from functools import cache
from typing import Any
from uuid import UUID

import msgspec

from application.shared.context import Context
from domain.shared.event import BY_CLASS, BY_NAME, UPCASTS, Event
from domain.shared.refused import Invalid


class UnknownEventType(Exception):
    """The log holds an event type this code does not know; it was written by newer code."""


class Unwritable(ValueError):
    """The event holds text that cannot be recorded (NUL, lone surrogates) or is larger than 256 KiB."""


class UnwritableText(Invalid):
    """The text cannot be recorded."""


class Unknown(Event, frozen=True):
    """An event of newer code, or of another program: it has its place in the log, and nothing here listens to it."""


class Unreadable(Event, frozen=True):
    """An event whose bytes do not fit its shape. Its stream is parked wherever somebody listens to it; everything else goes on."""

    shape: Any
    error: str


UNKNOWN = Unknown()


def shape_of(event: Event) -> type[Event]:
    """The class of an event, also of one that cannot be read: what listeners ask for."""
    return event.shape if type(event) is Unreadable else type(event)


class Metadata(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is recorded beside an event's data: why it happened and in which schema its data is."""

    command_id: UUID
    schema: int = 1
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    trace_id: str | None = None


class _Schema(msgspec.Struct, gc=False):
    schema: int = 1


LARGEST = 262_144
_encode = msgspec.json.Encoder().encode
_schema = msgspec.json.Decoder(_Schema).decode


def encode(event: Event) -> tuple[str, bytes]:
    """Pinned name and JSON data of an event; raises `Unwritable`."""
    try:
        data = _encode(event)
    except UnicodeEncodeError as error:
        raise Unwritable("text with a lone surrogate") from error
    if len(data) > LARGEST:
        raise Unwritable(f"an event of {len(data)} bytes; the most is {LARGEST}")
    if b"\\u0000" in data and _holds_nul(msgspec.json.decode(data)):
        raise Unwritable("text with a NUL character")
    return BY_CLASS[type(event)].name, data


def metadata(context: Context, event: Event) -> bytes:
    """JSON metadata of an event written by a command."""
    return _encode(
        Metadata(
            context.command_id,
            BY_CLASS[type(event)].schema,
            context.correlation_id,
            context.causation_id,
            context.trace_id,
        )
    )


def decode(name: str, data: bytes, metadata: bytes) -> Event:
    """The event behind recorded bytes, in today's shape; raises `UnknownEventType`."""
    decoder, schema = _decoder(name)
    if schema > 1:
        written_in = _schema(metadata).schema
        if written_in < schema:
            return _upcast(name, data, written_in, schema)
    event: Event = decoder.decode(data)
    return event


def read(name: str, data: bytes, metadata: bytes) -> Event:
    """As `decode`, but what cannot be decoded is an event, too: `UNKNOWN` or `Unreadable`."""
    try:
        return decode(name, data, metadata)
    except UnknownEventType:
        return UNKNOWN
    except Exception as error:  # noqa: BLE001 — an upcast may fail in any way; the log must stay readable (R3)
        return Unreadable(shape=BY_NAME[name].shape, error=repr(error)[:300])


@cache
def _decoder(name: str) -> tuple[msgspec.json.Decoder[Any], int]:
    known = BY_NAME.get(name)
    if known is None:
        raise UnknownEventType(name)
    return msgspec.json.Decoder(known.shape), known.schema


def _upcast(name: str, data: bytes, written_in: int, schema: int) -> Event:
    shape = msgspec.json.decode(data)
    for old in range(written_in, schema):
        shape = UPCASTS[name, old](shape)
    event: Event = msgspec.convert(shape, BY_NAME[name].shape, str_keys=True)
    return event


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(map(_holds_nul, value))
