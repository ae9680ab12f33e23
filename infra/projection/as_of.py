"""Time travel: a row as it was at a position of the log, after a version of its stream or at a moment, by the same fold (R7)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.shared.event import Recorded
from infra.postgres.log_reader import LogReader
from infra.projection.folding import replay, touched
from projections.shared.read_model import R, ReadModel
from projections.shared.reading import Seen, Step

NEWEST: Final = 2**31 - 1
"""No stream has a later version."""


class NotByStream(Exception):
    """Rows of this read model are not made from one stream alone; build it at a position instead."""


async def as_of(reader: LogReader, model: ReadModel[R], stream_id: UUID, at: int | datetime) -> Seen[R]:
    """The row of a stream after everything up to a position, or recorded up to a moment (with time zone); None: there was none.

    `position` of the answer is the newest event of the stream that counted. Raises `NotByStream`.
    """
    return _seen(model, stream_id, await (reader.stream(stream_id, at) if isinstance(at, int) else reader.beginning(stream_id, at)))


class LogPast:
    """The `Past` port: it reads the log, so it shows what was, whatever read models have made of it since."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader

    async def as_of(self, model: ReadModel[R], key: UUID, at: int | datetime) -> Seen[R]:
        """The row of a stream after one of its versions or at a moment; raises `NotByStream`."""
        return _seen(model, key, await self._reader.beginning(key, at))

    async def steps(self, model: ReadModel[R], key: UUID) -> list[Step[R]]:
        """Each event of a stream that the model listens to, with the row after it; raises `NotByStream`."""
        _must_be_by_stream(model)
        row, told = None, list[Step[R]]()
        for recorded, keys, _ in touched(model, await self._reader.beginning(key, NEWEST)):
            if key in keys:
                row = model.fold(key, row, recorded)
                told.append(Step(recorded, row))
        return told


def _must_be_by_stream(model: ReadModel[Any]) -> None:
    if not model.key_is_stream:
        raise NotByStream(model.name)


def _seen(model: ReadModel[R], stream_id: UUID, events: Sequence[Recorded[Any]]) -> Seen[R]:
    _must_be_by_stream(model)
    return Seen(replay(model, stream_id, events), events[-1].position if events else 0)  # type: ignore[arg-type]  # the model's own row type
