"""The smallest read models there are: boxes that things are put into, and the streams that put them; folds that can be made to fail."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.shared.event import Event, Recorded, recorded_as
from projections.shared.read_model import Groups, ReadModel, Row

BROKEN = {"boxes"}
"""Names of read models whose fold fails for poison."""


@recorded_as("projection_toy.put")
class Put(Event, frozen=True, kw_only=True):
    """Something was put into a box, and maybe as much taken from another one."""

    box: str
    amount: int = 1
    taken_from: str | None = None
    note: Any = None
    poison: bool = False


@recorded_as("projection_toy.ignored")
class Ignored(Event, frozen=True, kw_only=True):
    """Nobody listens to this."""


class Box(Row, frozen=True, gc=False):
    box: str
    total: int
    puts: int
    at: datetime
    note: msgspec.Raw
    share: float | None = None
    by: UUID | None = None
    is_full: bool = False


def box_keys(recorded: Recorded[Any]) -> tuple[str, ...]:
    event = recorded.event
    return (event.box,) if event.taken_from in (None, event.box) else (event.box, event.taken_from)


def box_fold(box: str, row: Box | None, recorded: Recorded[Any]) -> Box | None:
    event = recorded.event
    if event.poison and "boxes" in BROKEN:
        raise ValueError("poison")
    total = (row.total if row else 0) + (event.amount if event.box == box else -event.amount)
    if event.box == box and event.amount == 0:
        return None
    note = msgspec.Raw(msgspec.json.encode([event.note]))
    return Box(box, total, (row.puts if row else 0) + 1, recorded.recorded_at, note, total / 4, recorded.actor_id, total > 10)


def box_contrib(row: Box) -> Groups:
    return {"all": {"boxes": 1, "total": row.total}, f"full:{row.is_full}": {"boxes": 1}}


def box_lists(row: Box) -> frozenset[str]:
    return frozenset({f"full:{row.is_full}", f"puts:{row.puts % 3}"} if row.total else ())


class Stream(Row, frozen=True, gc=False):
    id: UUID
    version: int
    total: int
    note: msgspec.Raw | None = None


def stream_fold(key: UUID, row: Stream | None, recorded: Recorded[Any]) -> Stream | None:
    if recorded.event.poison and "streams" in BROKEN:
        raise ValueError("poison")
    return Stream(key, recorded.version, (row.total if row else 0) + recorded.event.amount, _raw(recorded.event.note))


def _raw(note: Any) -> msgspec.Raw | None:
    return None if note is None else msgspec.Raw(msgspec.json.encode(note))


BOXES = ReadModel(
    name="toy_boxes",
    version=1,
    store="postgres",
    row=Box,
    key=("box",),
    listens=(Put,),
    keys=box_keys,
    fold=box_fold,
    contrib=box_contrib,
    indexes=("total, box", "puts where is_full and note is not null"),
    lists=box_lists,
)
BOXES_IN_REDIS = ReadModel(
    name="toy_boxes_cached",
    version=1,
    store="redis",
    row=Box,
    key=("box",),
    listens=(Put,),
    keys=box_keys,
    fold=box_fold,
    contrib=box_contrib,
    scores=lambda row: {"by_total": float(row.total)} if row.total > 0 else {},
)
STREAMS = ReadModel(
    name="toy_streams",
    version=1,
    store="postgres",
    row=Stream,
    key=("id",),
    listens=(Put,),
    keys=lambda recorded: (recorded.stream_id,),
    fold=stream_fold,
    contrib=lambda row: {"all": {"total": row.total}},
    key_is_stream=True,
)
MODELS = {model.name: model for model in (BOXES, BOXES_IN_REDIS, STREAMS)}
A_STREAM = UUID(int=77)


def but(model: ReadModel[Any], **changes: Any) -> ReadModel[Any]:
    """The same read model with something different."""
    return msgspec.structs.replace(model, **changes)
