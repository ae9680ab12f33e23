"""Which words a field of a body may hold: told to who sent another one."""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import inspect

MOST: Final = 60
"""Words told; of more than these nobody wants to read."""


def allowed_at(shape: Any, pointer: str) -> list[str]:
    """The words allowed at a place of this type (JSON pointer); none where others than words are."""
    kinds = [inspect.type_info(shape)]
    for name in pointer.split("/")[1:]:
        kinds = [inner for kind in kinds for inner in _inside(kind, name)]
    found = [word for kind in kinds for word in _words(kind)]
    return found if len(found) <= MOST else []


def _inside(kind: inspect.Type, name: str) -> Iterator[inspect.Type]:
    match kind:
        case inspect.Metadata(type=inner):
            yield from _inside(inner, name)
        case inspect.UnionType(types=kinds):
            for one in kinds:
                yield from _inside(one, name)
        case inspect.StructType(fields=fields):
            yield from (field.type for field in fields if field.encode_name == name)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item) | inspect.DictType(value_type=item):
            yield item


def _words(kind: inspect.Type) -> Iterator[str]:
    match kind:
        case inspect.Metadata(type=inner):
            yield from _words(inner)
        case inspect.UnionType(types=kinds):
            for one in kinds:
                yield from _words(one)
        case inspect.EnumType(cls=words):
            yield from (str(word.value) for word in words)
        case inspect.LiteralType(values=values):
            yield from map(str, values)
