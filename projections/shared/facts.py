"""Events as they are shown: everything that is said, but personal fields only as `sealed`."""

from functools import cache
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec

from domain.identity.events import Sealed
from domain.shared.event import Event

SEALED: Final = "sealed"


def facts(event: Event) -> dict[str, Any]:
    """The fields of an event by name; those sealed with a person's key say only that there is something."""
    told = msgspec.to_builtins(event)
    return {name: SEALED if name in sealed_fields(type(event)) and value else value for name, value in told.items()}


@cache
def sealed_fields(kind: type[Event]) -> frozenset[str]:
    """The names of the fields that are sealed with a person's key."""
    return frozenset(name for name, hint in get_type_hints(kind).items() if _is_sealed(hint))


def _is_sealed(hint: Any) -> bool:
    of = get_args(hint) if get_origin(hint) in (Union, UnionType, tuple, list, frozenset) else ()
    return hint is Sealed or any(map(_is_sealed, of))
