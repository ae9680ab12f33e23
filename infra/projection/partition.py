"""Folding a part of a read model's keys in memory, by the rules of live folding: what fails is parked, transitively (R1, R3)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zlib import crc32

from domain.shared.event import Recorded
from infra.projection.folding import Parked, TouchesParked, add_contrib, stream_text
from projections.shared.read_model import Key, ReadModel, Row, key_text

Owns = Callable[[Key], bool]


class Partition:
    """The rows of the keys it owns (None: all keys), after the events it was fed with, in order.

    `limits`: parked keys (as text) and the position from which on nothing is folded into them.
    """

    def __init__(self, model: ReadModel[Any], owns: Owns | None = None, limits: Mapping[str, int] | None = None) -> None:
        self.model = model
        self.rows: dict[Key, Row] = {}
        self.failed: dict[str, Parked] = {}
        self._owns = owns
        self._limits: dict[str, int] = dict(limits or {})

    def feed(self, events: Iterable[Recorded[Any]]) -> None:
        """Fold events that follow those it had before."""
        keys_of, fold, rows, owns, limits = self.model.keys, self.model.fold, self.rows, self._owns, self._limits
        get = rows.get
        touched: tuple[Key, ...] | None
        for recorded in events:
            touched = None
            try:
                touched = keys_of(recorded)
                if limits:
                    self._check(recorded, touched)
                if len(touched) == 1 and owns is None:  # Nearly always; the list costs a tenth of all work.
                    key = touched[0]
                    row = fold(key, get(key), recorded)
                    if row is None:
                        rows.pop(key, None)
                    else:
                        rows[key] = row
                    continue
                changed = [(key, fold(key, get(key), recorded)) for key in touched if owns is None or owns(key)]
            except Exception as error:  # noqa: BLE001 — folds must not fail; when one does, its keys wait for the fix (R3)
                self._park(recorded, touched, error)
                continue
            for key, row in changed:
                if row is None:
                    rows.pop(key, None)
                else:
                    rows[key] = row

    def _check(self, recorded: Recorded[Any], touched: tuple[Key, ...]) -> None:
        limits = self._limits
        for text in (*map(key_text, touched), stream_text(recorded)):
            if limits.get(text, recorded.position + 1) <= recorded.position:
                raise TouchesParked(text)

    def _park(self, recorded: Recorded[Any], touched: tuple[Key, ...] | None, error: Exception) -> None:
        for text in (stream_text(recorded),) if touched is None else map(key_text, touched):
            if self._limits.get(text, recorded.position + 1) > recorded.position:
                self._limits[text] = recorded.position
                self.failed[text] = Parked(text, recorded.position, repr(error)[:500])

    def sums(self) -> dict[tuple[str, str], int]:
        """What all rows contribute, without zeros."""
        total: dict[tuple[str, str], int] = {}
        if self.model.contrib is not None:
            for row in self.rows.values():
                add_contrib(self.model, row, 1, total)
        return {name: number for name, number in total.items() if number}

    def list_lengths(self) -> dict[tuple[str, str], int]:
        """How many rows stand in each list, as sums of the group `lists`."""
        total: dict[tuple[str, str], int] = {}
        if self.model.lists is not None:
            for row in self.rows.values():
                for name in self.model.lists(row):
                    total["lists", name] = total.get(("lists", name), 0) + 1
        return total


def part_of(model: ReadModel[Any], key: Any, parts: int) -> int:
    """The part that owns a key: by the last bytes of the stream's id (no decoding needed) where the key is the stream."""
    if model.key_is_stream:
        data = key.bytes
        return int(data[14] << 8 | data[15]) % parts
    return crc32(key_text(key).encode()) % parts


def owner(model: ReadModel[Any], parts: int, part: int) -> Owns | None:
    """Whether a part owns a key; None when it owns all it ever sees."""
    if parts == 1 or model.key_is_stream:
        return None
    return lambda key: crc32(key_text(key).encode()) % parts == part


def parts_of(keys: Iterable[Key], parts: int) -> set[int]:
    """The parts that own one of these keys, which are not streams."""
    return {crc32(key_text(key).encode()) % parts for key in keys}


def closure(model: ReadModel[Any], events: Iterable[Recorded[Any]], failed: Mapping[str, Parked]) -> dict[str, Parked]:
    """All keys that are parked when these are: an event that touches a parked key parks its other keys too. Events in order."""
    parked = dict(failed)
    for recorded in events:
        try:
            texts = [key_text(key) for key in model.keys(recorded)]
        except Exception as error:  # noqa: BLE001 — as in live folding, a key that cannot be told parks its stream
            one = stream_text(recorded)
            parked.setdefault(one, Parked(one, recorded.position, repr(error)[:500]))
            continue
        if any(text in parked and parked[text].position <= recorded.position for text in (*texts, stream_text(recorded))):
            for text in texts:
                if text not in parked or parked[text].position > recorded.position:
                    parked[text] = Parked(text, recorded.position, repr(TouchesParked(text)))
    return parked
