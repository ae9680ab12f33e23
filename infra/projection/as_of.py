"""Time travel: a row as it was at a position of the log or at a moment, by the same fold (R7)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from infra.postgres.log_reader import LogReader
from infra.projection.folding import replay
from projections.shared.read_model import R, ReadModel
from projections.shared.reading import Seen

NEWEST: Final = 2**62


class NotByStream(Exception):
    """Rows of this read model are not made from one stream alone; build it at a position instead."""


async def as_of(reader: LogReader, model: ReadModel[R], stream_id: UUID, at: int | datetime) -> Seen[R]:
    """The row of a stream after everything up to a position, or recorded up to a moment (with time zone); None: there was none.

    `position` of the answer is the newest event of the stream that counted. Raises `NotByStream`.
    """
    if not model.key_is_stream:
        raise NotByStream(model.name)
    events = await reader.stream(stream_id, at if isinstance(at, int) else NEWEST)
    if isinstance(at, datetime):
        events = [recorded for recorded in events if recorded.recorded_at <= at]
    return Seen(replay(model, stream_id, events), events[-1].position if events else 0)  # type: ignore[arg-type]  # the model's own row type
