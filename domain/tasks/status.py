"""Where a task stands, how urgent it is, and which steps its worker may take."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self

SYNONYMS: Final = {"todo": "pending", "review": "in_review", "done": "completed", "canceled": "cancelled", "critical": "urgent"}
"""Other words for the same (requirement CF-06)."""


class _Word(StrEnum):
    """One of a few words, which may be typed in any case, and by its synonyms."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        typed = value.lower()
        meant = SYNONYMS.get(typed, typed)
        return next((word for word in cls if word.value == meant), None)


class Status(_Word):
    """Where a task stands. Only these six; overdue is a view of the due date, expired one of the lease."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    IN_REVIEW = "in_review"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Priority(_Word):
    """How urgent a task is, from least to most."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


LEASED: Final = frozenset({Status.PENDING, Status.IN_PROGRESS})
"""While a node's task stands here its lease can run out."""
OPEN: Final = LEASED | {Status.IN_REVIEW}
"""While a task stands here it is still to be done, and can be overdue."""

Steps = Mapping[Status, tuple[Status, ...]]

NODE_STEPS: Final[Steps] = {
    Status.PENDING: (Status.IN_PROGRESS, Status.FAILED),
    Status.IN_PROGRESS: (Status.COMPLETED, Status.FAILED),
    Status.IN_REVIEW: (),
    Status.COMPLETED: (),
    Status.FAILED: (),
    Status.CANCELLED: (),
}
"""What a worker node may report: nothing goes back, nothing skips `in_progress`; refusing pending work is failing it."""

OWN_STEPS: Final[Steps] = {
    **NODE_STEPS,
    Status.PENDING: (Status.IN_PROGRESS, Status.IN_REVIEW, Status.COMPLETED, Status.FAILED, Status.CANCELLED),
    Status.IN_PROGRESS: (Status.IN_REVIEW, Status.COMPLETED, Status.FAILED, Status.CANCELLED),
    Status.IN_REVIEW: (Status.COMPLETED, Status.FAILED, Status.CANCELLED),
}
"""What people may say of their tasks: always forward, and a small thing may be done without having been begun."""
