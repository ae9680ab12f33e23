"""The AsyncAPI 3 document of live updates, made from the registry itself, so that it cannot grow old."""

from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from api.live.channel import KINDS
from api.live.line import BAD_PROOF, ENDED, FORBIDDEN, LATER, NOT_UNDERSTOOD, RESTARTING, SUBSCRIPTIONS, TOO_SLOW
from api.live.socket import Wish
from api.live.tell import TELLS
from domain.shared.event import Event
from projections.shared.facts import sealed_fields

ADDRESS: Final = "/api/v1/live"
POSITION: Final = {"type": "integer", "minimum": 0, "description": "A position of the log: come again with it as `after`."}
NAMES: Final = {"type": "array", "items": {"type": "string"}, "description": "Channels as the client named them."}
TEXT: Final = {"type": "string"}
CLOSES: Final = {
    BAD_PROOF: "no proof of who calls, or one that does not count (a ticket counts once)",
    FORBIDDEN: "a channel that the caller may not follow, or nothing left that it may",
    ENDED: "the session ended, the token expired, or what the caller may do has changed",
    TOO_SLOW: "more than 1,000 messages or 1 MiB waited for this client; it can resume",
    1009: "a frame of more than 64 KiB",
    NOT_UNDERSTOOD: "an unknown channel, too many, or a position that is unknown or too old",
    RESTARTING: "the process ends or the log was replaced; come again",
    LATER: "too many connections, or something is away; come again a little later",
}
_UNREAD: Final = {"at_position": POSITION, "total": {"type": "integer"}, "by_kind": {"type": "object"}}
_LIVE: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "live.subscribed": ("These channels are followed; everything after the position is told.", {"channels": NAMES, "position": POSITION}),
    "live.unsubscribed": ("These channels are not followed any more.", {"channels": NAMES}),
    "live.position": ("Everything up to here was told. After a resume, and in silence every 10 s.", {"position": POSITION}),
    "live.ended": ("The caller may not follow this channel any more.", {"channels": NAMES, "at_position": POSITION, "code": TEXT}),
    "error": ("A frame was not understood, or (with `close`) why the connection ends.", {"code": TEXT, "detail": TEXT}),
}


@cache
def asyncapi(address: str) -> dict[str, Any]:
    """The document for a server at this address."""
    schemas: dict[str, Any] = {}
    told = {name: _message(name, *shown) for name, shown in _LIVE.items()}
    for tell in TELLS:
        for name, shape in sorted(tell.names().items()):
            about = (shape.__doc__ or "").partition("\n")[0]
            told[name] = _message(name, about, _envelope(_facts(shape, tell.beside, schemas)), tag=name.partition(".")[0])
    for kind in KINDS.values():
        if kind.present is not None:
            name = f"{kind.name}.unread"
            told[name] = _message(name, "How many are unread: when one begins to follow, and after what was told.", _UNREAD)
    wish = msgspec.json.schema(Wish)
    asked = {"wish": {"name": "wish", "title": "Subscribe and unsubscribe", "contentType": "application/json", "payload": _inlined(wish)}}
    messages = told | asked
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Daybook, live", "version": "1.0.0", "description": _described()},
        "defaultContentType": "application/json",
        "servers": {"here": _server(address)},
        "channels": {
            "live": {
                "address": ADDRESS,
                "title": "Live updates",
                "description": "A WebSocket; with `Accept: text/event-stream` the same messages as server-sent events, whose ids are positions.",
                "servers": [{"$ref": "#/servers/here"}],
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"ws": {"method": "GET", "query": _query(), "bindingVersion": "0.1.0"}},
                "x-channels": {kind.shown: {"description": kind.meaning, "permission": kind.needs} for kind in KINDS.values()},
            }
        },
        "operations": {
            "tell": _operation("send", "What happens, as it happens.", told),
            "ask": _operation("receive", "What the client wants to follow.", asked),
        },
        "components": {"messages": messages, "schemas": schemas, "securitySchemes": _PROOFS},
    }


_PROOFS: Final = {
    "ticket": {"type": "httpApiKey", "in": "query", "name": "ticket", "description": "Single-use, from POST /api/v1/live/tickets, for 30 s."},
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "api_key": {"type": "httpApiKey", "in": "header", "name": "X-API-Key"},
}


def _server(address: str) -> dict[str, Any]:
    told = urlsplit(address)
    security = [{"$ref": f"#/components/securitySchemes/{name}"} for name in _PROOFS]
    return {"host": told.netloc, "protocol": "wss" if told.scheme == "https" else "ws", "security": security}


def _described() -> str:
    closes = "\n".join(f"* {code}: {meaning}" for code, meaning in sorted(CLOSES.items()))
    return f"Every message is told once and in order; resume with the last `position`. A connection is closed with\n\n{closes}"


def _query() -> dict[str, Any]:
    names = ", ".join(kind.shown for kind in KINDS.values())
    channel = {"type": "array", "items": {"type": "string", "description": names}, "maxItems": SUBSCRIPTIONS}
    return {"type": "object", "properties": {"channel": channel, "after": POSITION, "ticket": TEXT}}


def _operation(action: str, summary: str, messages: dict[str, Any]) -> dict[str, Any]:
    refs = [{"$ref": f"#/channels/live/messages/{name}"} for name in messages]
    return {"action": action, "channel": {"$ref": "#/channels/live"}, "summary": summary, "messages": refs}


def _message(name: str, summary: str, fields: dict[str, Any], tag: str = "live") -> dict[str, Any]:
    payload = {"type": "object", "required": ["type", *fields], "properties": {"type": {"const": name}, **fields}}
    return {"name": name, "title": name, "summary": summary, "contentType": "application/json", "tags": [{"name": tag}], "payload": payload}


def _envelope(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "position": POSITION,
        "at": {"type": "string", "format": "date-time", "description": "When it was recorded."},
        "id": {"type": "string", "format": "uuid", "description": "The resource it is about."},
        "version": {"type": "integer", "minimum": 1, "description": "The version of that resource."},
        "data": data,
        "channels": NAMES,
    }


def _facts(shape: type[Event], beside: type[msgspec.Struct] | None, schemas: dict[str, Any]) -> dict[str, Any]:
    """What may stand in `data`: facts beyond 1 KiB are left out and named there."""
    own = _schema(shape, schemas)
    always = {} if beside is None else _schema(beside, schemas)
    sealed = sealed_fields(shape)
    properties = {name: _SEALED if name in sealed else known for name, known in own["properties"].items() if name not in {"at", "before"}}
    changes = properties.pop("after", None)
    left_out = {"type": "array", "items": TEXT, "description": "Facts too large to be told; ask for the resource."}
    properties |= ({"changes": changes} if changes else {}) | {"left_out": left_out} | always.get("properties", {})
    return {"type": "object", "properties": properties, "required": always.get("required", [])}


def _schema(shape: type[msgspec.Struct], schemas: dict[str, Any]) -> dict[str, Any]:
    (told,), found = msgspec.json.schema_components([shape], ref_template="#/components/schemas/{name}")
    own: dict[str, Any] = found.pop(told["$ref"].rpartition("/")[2])
    schemas |= found
    return own


_SEALED: Final = {"const": "sealed"}


def _inlined(schema: dict[str, Any]) -> Any:
    name = schema["$ref"].rpartition("/")[2]
    return schema["$defs"][name]
