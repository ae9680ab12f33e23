"""Where a task stands, how urgent it is, and which steps its worker may take."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self


class _Word(StrEnum):
    """One of a few words, which may be typed in any case."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return next((word for word in cls if isinstance(value, str) and word.value == value.lower()), None)


class Status(_Word):
    """Where a task stands. Only these four; overdue is a view of the due date, expired one of the lease."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


class Priority(_Word):
    """How urgent a task is, from least to most."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


OPEN: Final = frozenset({Status.PENDING, Status.IN_PROGRESS})
"""While a task is open its lease can run out."""

Steps = Mapping[Status, tuple[Status, ...]]

NODE_STEPS: Final[Steps] = {
    Status.PENDING: (Status.IN_PROGRESS, Status.FAILED),
    Status.IN_PROGRESS: (Status.COMPLETED, Status.FAILED),
    Status.COMPLETED: (),
    Status.FAILED: (),
}
"""What a worker node may report: nothing goes back, nothing skips `in_progress`; refusing pending work is failing it."""

OWN_STEPS: Final[Steps] = {**NODE_STEPS, Status.PENDING: (Status.IN_PROGRESS, Status.COMPLETED, Status.FAILED)}
"""What people may say of their own tasks: a small thing may be done without having been begun."""
