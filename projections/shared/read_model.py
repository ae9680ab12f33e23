"""One definition of row, keys and fold; live folding, rebuild, verify and as-of all follow from it."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, Generic, Literal, TypeVar
from uuid import UUID

import msgspec

from domain.shared.event import Event, Recorded

Key = Hashable
Groups = Mapping[str, Mapping[str, int]]
"""Group → name → number, e.g. `{"node:0193…": {"pending": 1}}`."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """A row of a read model. Field types become column types; text that is JSON is `msgspec.Raw`."""


R = TypeVar("R", bound=Row)


class ReadModel(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """A read model: rows of one type, each folded by itself from the events that touch its key.

    `version` is raised whenever row or fold change; another version is another table, built beside the old one.
    `key` names the row's key fields; `keys(recorded)` gives the keys an event touches (a value, or a tuple for several fields);
    `fold(key, row, recorded)` gives the row after it, None for no row. Folds are pure and never fail.
    `contrib(row)` gives numbers that are summed per group over all rows.
    PostgreSQL: `lists(row)` names the lists a row stands in, each kept in the order of keys, which is one column; `indexes` are column lists,
    with a condition where one follows (`a, b where not c`), or begin with their method (`using gin (…)`).
    Redis: `scores(row)` gives the sorted sets (name → score) a row stands in.
    """

    name: str
    version: int
    store: Literal["postgres", "redis"]
    row: type[R]
    key: tuple[str, ...]
    listens: tuple[type[Event], ...]
    keys: Callable[[Recorded[Any]], tuple[Key, ...]]
    fold: Callable[[Any, R | None, Recorded[Any]], R | None]
    contrib: Callable[[R], Groups] | None = None
    scores: Callable[[R], Mapping[str, float]] | None = None
    lists: Callable[[R], frozenset[str]] | None = None
    indexes: tuple[str, ...] = ()
    key_is_stream: bool = False
    """The key is the stream's id: one thing's freshness is judged by its version, and as-of needs only its stream."""
    streams: Callable[[Any], tuple[UUID, ...]] | None = None
    """The streams that a key's row is folded from, where these are several and the key tells them: it is as new as all of them."""
    appends: bool = False
    """Each event makes rows of its own, which no other event touches: nobody has to look for them before."""

    @property
    def table(self) -> str:
        """What queries read: a view (PostgreSQL) or key prefix (Redis) that always shows the live build of this version."""
        return f"{self.name}_v{self.version}"

    def key_of(self, row: R) -> Key:
        """The key of a row."""
        values = tuple(getattr(row, field) for field in self.key)
        return values[0] if len(values) == 1 else values


READ_MODELS: Final[dict[str, ReadModel[Any]]] = {}


def read_model(model: ReadModel[R]) -> ReadModel[R]:
    """Register a read model where it is defined."""
    if model.name in READ_MODELS:
        raise TypeError(f"two read models are called {model.name!r}")
    READ_MODELS[model.name] = model
    return model


def key_text(key: Key) -> str:
    """A key as text, for the list of parked keys and for Redis."""
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)
