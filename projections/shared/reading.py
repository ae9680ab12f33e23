"""How queries ask: rows and the position they show come from one snapshot, and wait until they are fresh enough."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Generic, LiteralString, Protocol, TypeVar
from uuid import UUID

import msgspec

from domain.shared.event import Recorded
from domain.shared.refused import Conflict, Unavailable
from projections.shared.read_model import R, ReadModel, Row

S = TypeVar("S", bound=Row)
FIRST_ID: Final = UUID(int=0)
"""Before all ids: after it is everything, the oldest first."""
LAST_ID: Final = UUID(int=2**128 - 1)
"""After all ids: before it is everything, the newest first."""
LAST_POSITION: Final = 2**62
"""The same of positions of the log."""


class ProjectionParked(Unavailable):
    """What is known of this is incomplete until an operator has mended it."""


class ProjectionNotReady(Unavailable):
    """The view of the data is not ready yet; try again soon."""


class ProjectionBehind(Unavailable):
    """The view of the data has not caught up yet; try again soon."""


class PositionUnknown(Conflict):
    """The position is not in this log; the log was restored or the position belongs to another one."""


class Freshness(msgspec.Struct, frozen=True):
    """How new an answer must be: as new as the caller's own newest event, as one stream's (whoever wrote it), and as `min_position`.

    `of_anybody`: as new as the newest event that the read model listens to, so that also who is not known sees what was written before.
    """

    caller_id: UUID | None = None
    stream_id: UUID | None = None
    min_position: int = 0
    allow_stale: bool = False
    of_anybody: bool = False


class Seen(msgspec.Struct, Generic[S], frozen=True):
    """One row (None: there is none) and the log position it shows."""

    row: S | None
    position: int
    stale: bool = False


class SeenMany(msgspec.Struct, Generic[S], frozen=True):
    """Rows and the log position they show. `incomplete`: some keys are parked."""

    rows: Sequence[S]
    position: int
    stale: bool = False
    incomplete: bool = False
    beside: Sequence[tuple[Any, ...]] = ()
    """Further columns that were asked for, of each line of the answer; there is a line even where there is no row."""


class Tables(Protocol):
    """Read models in PostgreSQL."""

    async def one(self, model: ReadModel[R], key: UUID, fresh: Freshness) -> Seen[R]:
        """The row of a key that is a stream, or tells the streams it is made from, as new as these.

        Raises `ProjectionBehind`, `ProjectionParked`.
        """

    async def many(self, model: ReadModel[R], where: LiteralString, arguments: Sequence[Any], fresh: Freshness) -> SeenMany[R]:
        """Rows by the rest of a SELECT over the model's columns (`where … order by … limit …`, `%b` places)."""

    async def ask(
        self, model: ReadModel[R], select: LiteralString, arguments: Sequence[Any], fresh: Freshness, beside: tuple[LiteralString, ...] = ()
    ) -> SeenMany[R]:
        """Rows by a whole SELECT that gives the model's columns, and those named `beside`."""

    async def sums(self, model: ReadModel[Any], groups: Sequence[str], fresh: Freshness) -> tuple[dict[str, dict[str, int]], int, bool]:
        """All sums of some groups by group and name, the position they show, and whether that is stale."""


class Twins(Protocol):
    """Read models that are kept twice, by one fold."""

    async def one(self, cache: ReadModel[R], table: ReadModel[R], key: UUID, fresh: Freshness) -> Seen[R]:
        """The row of a key as Redis has it, provided that it is as new as its streams; else as PostgreSQL has it.

        Raises `ProjectionBehind`, `ProjectionParked`.
        """


class Step(msgspec.Struct, Generic[S], frozen=True):
    """One event of a stream, and the row after it."""

    recorded: Recorded[Any]
    row: S | None


class Past(Protocol):
    """Read models as they were: their folds over the beginning of a stream."""

    async def as_of(self, model: ReadModel[R], key: UUID, at: int | datetime) -> Seen[R]:
        """The row of a key that is a stream after that version of the stream, or as it was at that moment (None: there was none yet)."""

    async def steps(self, model: ReadModel[R], key: UUID) -> list[Step[R]]:
        """Everything that happened to the row of a key that is a stream, in order; of long streams use a read model instead."""


class Caches(Protocol):
    """Read models in Redis."""

    async def groups(
        self, model: ReadModel[Any], groups: Sequence[str], names: Sequence[str], fresh: Freshness
    ) -> tuple[dict[str, dict[str, int]], int, bool]:
        """Sums by group and name, the position they show, and whether that is stale; raises `ProjectionNotReady`."""

    async def lowest(self, model: ReadModel[R], name: str, limit: int, fresh: Freshness) -> SeenMany[R]:
        """The rows that stand first in a sorted set; raises `ProjectionNotReady`."""

    async def moved(self, model: ReadModel[Any], timeout: float) -> None:
        """Until the model has moved, or it is time to look anyway."""
