"""What happens to a job. `attempt` counts the workers that took it, and tells their words apart."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.shared.event import Event, recorded_as


@recorded_as("job.requested")
class JobRequested(Event, frozen=True, gc=False):
    """Somebody wants this done. `scopes` bound what it may do on their behalf, as they bound the request; None: whatever their roles permit."""

    kind: str
    requester_id: UUID
    requested_at: datetime
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    scopes: tuple[str, ...] | None = None


@recorded_as("job.started")
class JobStarted(Event, frozen=True, gc=False):
    """A worker took it; it must say that it lives until `lease_until`."""

    attempt: int
    worker_id: UUID
    started_at: datetime
    lease_until: datetime


@recorded_as("job.progressed")
class JobProgressed(Event, frozen=True, gc=False):
    """So many things are done, `refused` of them in vain. `checkpoint`: where another worker would go on."""

    attempt: int
    done: int
    lease_until: datetime
    total: int | None = None
    refused: int = 0
    checkpoint: dict[str, Any] | None = None


@recorded_as("job.returned")
class JobReturned(Event, frozen=True, gc=False):
    """It waits for a worker again: the one it had was told to stop, or (`lost`) was not heard of."""

    attempt: int
    lost: bool = False


@recorded_as("job.completed")
class JobCompleted(Event, frozen=True, gc=False):
    """It is done; `result` says what came of it. Its files are kept until `expires_at`."""

    attempt: int
    completed_at: datetime
    expires_at: datetime
    done: int
    refused: int = 0
    result: dict[str, Any] = msgspec.field(default_factory=dict)


@recorded_as("job.failed")
class JobFailed(Event, frozen=True, gc=False):
    """It cannot be done. `detail` is a sentence for the requester."""

    attempt: int
    code: str
    detail: str
    failed_at: datetime
    expires_at: datetime


@recorded_as("job.cancelled")
class JobCancelled(Event, frozen=True, gc=False):
    """Nobody wants it any more; what it did stays done."""

    cancelled_at: datetime
    expires_at: datetime
