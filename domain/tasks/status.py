"""Where a task stands, how urgent it is, and which steps its worker may take."""

from collections.abc import Mapping
from typing import Final

from domain.shared.priority import Priority
from domain.shared.word import Word

__all__ = ["LEASED", "NODE_STEPS", "OPEN", "OWN_STEPS", "Priority", "Status", "Steps"]

SYNONYMS: Final = {"todo": "pending", "review": "in_review", "done": "completed", "canceled": "cancelled"}
"""Other words for the same (requirement CF-06)."""


class Status(Word):
    """Where a task stands. Only these six; overdue is a view of the due date, expired one of the lease."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    IN_REVIEW = "in_review"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @classmethod
    def usual(cls, typed: str) -> str:
        """By its synonyms."""
        return SYNONYMS.get(typed, typed)


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
