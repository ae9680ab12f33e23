"""Examples for the document, made from the types themselves, so that they cannot grow old."""

from collections.abc import Callable
from types import UnionType
from typing import Any, Final, get_args

from msgspec import inspect

ID: Final = "01a1f8bf-8ca0-718f-8851-6ffd7c49c478"
PAST: Final = "2026-03-01T12:00:00Z"
FUTURE: Final = "2036-03-01T12:00:00Z"
WORDS: Final[dict[str, Any]] = {
    "id": ID, "title": "Replace the fan of rack 12", "description": "It hums since Monday.", "name": "Ada Lovelace", "email": "ada@example.org",
    "password": "a garden of forking paths", "role": "user", "access_token": "eyJhbGciOiJSUzI1NiJ9.…", "token_type": "Bearer", "expires_in": 600,
    "refresh_token": "Aaj4v4ygcY8", "reason": "The fan is out of stock.", "note": "Waiting for the new fan.", "external_id": "ticket-4711",
    "payload": {"rack": 12}, "progress": {"done": 3, "of": 10}, "performed_by": ID, "action_type": "status_changed", "from_value": "pending",
    "to_value": "in_progress", "last_error": None, "next_cursor": None, "attempts": 1, "running": 1, "status": "in_progress", "wait": 10,
    "lock_expires_at": FUTURE, "retry_at": None, "completed_at": None, "error": None, "position": 4711, "process": "serve",
    "database": "ok", "kid": "8bQ2…", "amount": 339, "currency": "GBP", "carrier": "Royal Mail", "tracking": "RM 4711 GB",
}  # fmt: skip
"""What a field of this name may hold, where its type allows it."""


def example_of(shape: Any, *, asked: bool = False) -> Any:
    """A value of this type in JSON; of the first, where there are several.

    `asked`: of a request, which names what it must and what is worth showing, and leaves out the rest.
    """
    usual = get_args(shape)[0] if isinstance(shape, UnionType) else shape
    return _value(inspect.type_info(usual), "", asked=asked)


def _value(kind: inspect.Type, name: str, *, asked: bool) -> Any:
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=more):
            told = (more or {}).get("examples")
            return told[0] if told else _value(inner, name, asked=asked)
        case inspect.StructType(fields=fields, tag_field=tag_field, tag=tag):
            tagged = {} if tag_field is None else {tag_field: tag}
            shown = [field for field in fields if field.required or not asked or field.encode_name in SHOWN]
            return tagged | {field.encode_name: _value(field.type, field.encode_name, asked=asked) for field in shown}
        case inspect.UnionType(types=kinds):
            there = [one for one in kinds if not isinstance(one, inspect.NoneType)]
            return None if len(there) < len(kinds) and WORDS.get(name, "") is None else _value(there[0], name, asked=asked)
        case inspect.ListType(item_type=item) | inspect.CollectionType(item_type=item) | inspect.VarTupleType(item_type=item):
            return [_value(item, name, asked=asked)]
        case inspect.DictType(value_type=value):
            return {name: _value(value, name, asked=asked)} if (name := KEYS.get(name, "total")) else {}
    return _plain(kind, name)


def _plain(kind: inspect.Type, name: str) -> Any:
    wanted = WORDS.get(name)
    match kind:
        case inspect.EnumType(cls=cls):
            words = [one.value for one in cls]
            return wanted if wanted in words else words[0]
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.DateTimeType():
            return wanted or PAST
        case inspect.IntType(ge=least):
            return wanted if isinstance(wanted, int) else max(least or 0, 1)
        case inspect.StrType():
            return wanted if isinstance(wanted, str) else "text"
    return next((make(wanted) for of, make in PLAIN if isinstance(kind, of)), wanted)


PLAIN: Final[tuple[tuple[type[inspect.Type], Callable[[Any], Any]], ...]] = (
    (inspect.UUIDType, lambda _: ID),
    (inspect.BoolType, lambda _: False),
    (inspect.DateType, lambda _: PAST[:10]),
    (inspect.FloatType, lambda wanted: wanted if isinstance(wanted, int | float) else 1.0),
)
KEYS: Final = {"checks": "database", "keys": "kid", "doing": ""}
"""A key that an object under this name may hold; empty for none."""
SHOWN: Final = frozenset(
    {"node_id", "description", "priority", "external_id", "email", "title", "limit", "wait", "progress", "old_password", "redirect_uris"}
)
"""Fields that a request's example shows though they may be left out."""
