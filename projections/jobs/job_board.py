"""Every job as it is now: one's own, and those that wait for a worker."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.jobs import events as e
from domain.shared.event import Recorded
from projections.shared.read_model import ReadModel, Row, read_model

_json: Final = msgspec.json.Encoder().encode


class JobRow(Row, frozen=True, gc=False):
    """A job as clients see it."""

    id: UUID
    version: int
    requester_id: UUID
    kind: str
    status: str
    created_at: datetime
    parameters: msgspec.Raw
    done: int = 0
    total: int | None = None
    refused: int = 0
    attempt: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None
    outcome: msgspec.Raw | None = None
    code: str | None = None
    detail: str | None = None

    @property
    def progress(self) -> dict[str, int | None]:
        """How far it is."""
        return {"done": self.done, "total": self.total}

    @property
    def errors(self) -> int:
        """How many things were done in vain."""
        return self.refused


def _requested(_: JobRow | None, recorded: Recorded[e.JobRequested]) -> JobRow:
    event, parameters = recorded.event, msgspec.Raw(_json(recorded.event.parameters))
    return JobRow(recorded.stream_id, recorded.version, event.requester_id, event.kind, "queued", event.requested_at, parameters)


def _started(row: JobRow, recorded: Recorded[e.JobStarted]) -> JobRow:
    event = recorded.event
    return replace(row, version=recorded.version, status="running", attempt=event.attempt, started_at=row.started_at or event.started_at)


def _progressed(row: JobRow, recorded: Recorded[e.JobProgressed]) -> JobRow:
    event = recorded.event
    return replace(row, version=recorded.version, done=event.done, total=event.total, refused=event.refused)


def _returned(row: JobRow, recorded: Recorded[e.JobReturned]) -> JobRow:
    return replace(row, version=recorded.version, status="queued")


def _completed(row: JobRow, recorded: Recorded[e.JobCompleted]) -> JobRow:
    event, done = recorded.event, recorded.event.done
    over = replace(row, version=recorded.version, status="completed", done=done, total=done, refused=event.refused)
    return replace(over, outcome=msgspec.Raw(_json(event.result)), finished_at=event.completed_at, expires_at=event.expires_at)


def _failed(row: JobRow, recorded: Recorded[e.JobFailed]) -> JobRow:
    event = recorded.event
    over = replace(row, version=recorded.version, status="failed", code=event.code, detail=event.detail)
    return replace(over, finished_at=event.failed_at, expires_at=event.expires_at)


def _cancelled(row: JobRow, recorded: Recorded[e.JobCancelled]) -> JobRow:
    event = recorded.event
    return replace(row, version=recorded.version, status="cancelled", finished_at=event.cancelled_at, expires_at=event.expires_at)


FOLDS: Final[Mapping[type[Any], Callable[[Any, Recorded[Any]], JobRow]]] = {
    e.JobRequested: _requested,
    e.JobStarted: _started,
    e.JobProgressed: _progressed,
    e.JobReturned: _returned,
    e.JobCompleted: _completed,
    e.JobFailed: _failed,
    e.JobCancelled: _cancelled,
}


def keys(recorded: Recorded[Any]) -> tuple[UUID, ...]:
    """The job itself."""
    return (recorded.stream_id,)


def fold(_: UUID, row: JobRow | None, recorded: Recorded[Any]) -> JobRow | None:
    """The row after one more event; only `job.requested` makes one."""
    event = type(recorded.event)
    return None if row is None and event is not e.JobRequested else FOLDS[event](row, recorded)


JOB_BOARD: Final = read_model(
    ReadModel(
        name="job_board",
        version=1,
        store="postgres",
        row=JobRow,
        key=("id",),
        listens=tuple(FOLDS),
        keys=keys,
        fold=fold,
        indexes=("requester_id, id", "status, id"),
        key_is_stream=True,
    )
)
