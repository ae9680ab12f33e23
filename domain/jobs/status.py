"""Where a job stands."""

from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """From the first to one of the last three."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


OVER: Final = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
