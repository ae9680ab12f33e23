"""Folding a batch of events in memory: pure, and a fold that fails parks its key instead of stopping the rest (R1, R3)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from domain.shared.event import Recorded
from infra.serialization.mapper import Unreadable, shape_of
from projections.shared.read_model import Key, ReadModel, Row, key_text

Touched = list[tuple[Recorded[Any], tuple[Key, ...], Exception | None]]
"""Events with the keys each touches, or with the reason why these cannot be told."""


class Parked(msgspec.Struct, frozen=True):
    """A key whose fold failed: the first event that could not be folded, and why."""

    key: str
    position: int
    error: str


class Folded(msgspec.Struct):
    """What a batch changes: rows after it (None: no row), rows before it, sums to add per group and name, keys to park."""

    after: dict[Key, Row | None] = {}
    before: dict[Key, Row | None] = {}
    sums: dict[tuple[str, str], int] = {}
    parked: list[Parked] = []
    joined: list[tuple[str, Key]] = []
    """Lists and the keys that stand in them now."""
    left: list[tuple[str, Key]] = []
    """Lists and the keys that do not stand in them any more."""


def touched(model: ReadModel[Any], events: Iterable[Recorded[Any]]) -> Touched:
    """The events a model listens to with the keys each touches."""
    listens = frozenset(model.listens)
    return [(recorded, *_keys(model, recorded)) for recorded in events if shape_of(recorded.event) in listens]


def _keys(model: ReadModel[Any], recorded: Recorded[Any]) -> tuple[tuple[Key, ...], Exception | None]:
    if type(recorded.event) is Unreadable:
        return (), ValueError(recorded.event.error)
    try:
        return model.keys(recorded), None
    except Exception as error:  # noqa: BLE001 — a key that cannot be told parks the stream; everything else goes on
        return (), error


def stream_text(recorded: Recorded[Any]) -> str:
    """What is parked when an event's keys cannot be told: whatever its stream touches from there on."""
    return f"stream:{recorded.stream_id}"


def unheard_of(model: ReadModel[Any], events: Touched) -> set[Key]:
    """Touched keys that cannot have a row yet: of a stream that begins here, or of events that make rows of their own."""
    if model.appends:
        return {key for _, keys, _ in events for key in keys}
    return {recorded.stream_id for recorded, _, _ in events if recorded.version == 1} if model.key_is_stream else set()


def fold(model: ReadModel[Any], events: Touched, rows: Mapping[Key, Row | None], parked: set[str]) -> Folded:
    """Fold events in order; `rows` holds every touched key that has a row, `parked` the keys that are left alone."""
    now: dict[Key, Row | None] = {}
    held: list[Parked] = []
    for recorded, keys, untold in events:
        try:
            if untold is not None:
                raise untold
            if parked and not parked.isdisjoint((*map(key_text, keys), stream_text(recorded))):
                raise TouchesParked
            changed = [(key, model.fold(key, now[key] if key in now else rows.get(key), recorded)) for key in keys]
        except Exception as error:  # noqa: BLE001 — folds must not fail; when one does, its keys wait for the fix (R3)
            texts = [key_text(key) for key in keys] if untold is None else [stream_text(recorded)]
            fresh = [text for text in texts if text not in parked]
            parked.update(fresh)
            held += [Parked(key, recorded.position, repr(error)[:500]) for key in fresh]
            continue
        now.update(changed)
    return changed_from(model, {key: rows.get(key) for key in now}, now, held)


def changed_from(model: ReadModel[Any], before: dict[Key, Row | None], after: dict[Key, Row | None], parked: list[Parked]) -> Folded:
    """What rows before and after come to, with all that is derived from them."""
    joined, left = list[tuple[str, Key]](), list[tuple[str, Key]]()
    if model.lists is not None:
        for key, row in after.items():
            stood, stands = listed(model, before.get(key)), listed(model, row)
            joined += [(name, key) for name in stands - stood]
            left += [(name, key) for name in stood - stands]
    return Folded(after, before, sums(model, before, after), parked, joined, left)


def listed(model: ReadModel[Any], row: Row | None) -> frozenset[str]:
    """The lists a row stands in."""
    return frozenset() if row is None or model.lists is None else model.lists(row)


class TouchesParked(Exception):
    """One of the event's keys is parked already."""


def sums(model: ReadModel[Any], before: Mapping[Key, Row | None], after: Mapping[Key, Row | None]) -> dict[tuple[str, str], int]:
    """contrib(after) - contrib(before) per group and name, without zeros."""
    if model.contrib is None:
        return {}
    total: dict[tuple[str, str], int] = {}
    for sign, rows in ((-1, before), (1, after)):
        for row in rows.values():
            if row is not None:
                add_contrib(model, row, sign, total)
    return {name: number for name, number in total.items() if number}


def add_contrib(model: ReadModel[Any], row: Row, sign: int, total: dict[tuple[str, str], int]) -> None:
    """Add one row's contribution to running sums."""
    if model.contrib is not None:
        for group, numbers in model.contrib(row).items():
            for name, number in numbers.items():
                total[group, name] = total.get((group, name), 0) + sign * number


def replay(model: ReadModel[Any], key: Key, events: Sequence[Recorded[Any]]) -> Row | None:
    """The row of one key after the given events, the way every other path would fold it."""
    row: Row | None = None
    for recorded, keys, _ in touched(model, events):
        if key in keys:
            row = model.fold(key, row, recorded)
    return row
