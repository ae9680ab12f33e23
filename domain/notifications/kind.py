"""What people are told about, and how urgent it is."""

from enum import StrEnum
from typing import Final, Self


class _Word(StrEnum):
    """One of a few words, which may be typed in any case."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return next((word for word in cls if isinstance(value, str) and word.value == value.lower()), None)


class Kind(_Word):
    """What a notification is about; kept in events, so a word never gets another meaning."""

    TASK_ASSIGNED = "task_assigned"
    TASK_UPDATED = "task_updated"
    TASK_COMPLETED = "task_completed"
    TASK_OVERDUE = "task_overdue"
    PROJECT_CREATED = "project_created"
    PROJECT_UPDATED = "project_updated"
    PROJECT_INVITATION = "project_invitation"
    COMMENT_ADDED = "comment_added"
    MENTION = "mention"
    ORDER_UPDATED = "order_updated"
    SYSTEM = "system"
    SECURITY = "security"


class Priority(_Word):
    """How urgent a notification is, from least to most."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"

    def reaches(self, other: "Priority") -> bool:
        """Whether this is at least as urgent as the other."""
        return RANK[self] >= RANK[other]


RANK: Final = {priority: nth for nth, priority in enumerate(Priority)}
PRIORITIES: Final = {
    Kind.TASK_ASSIGNED: Priority.HIGH,
    Kind.TASK_UPDATED: Priority.LOW,
    Kind.TASK_COMPLETED: Priority.MEDIUM,
    Kind.TASK_OVERDUE: Priority.HIGH,
    Kind.PROJECT_CREATED: Priority.MEDIUM,
    Kind.PROJECT_UPDATED: Priority.LOW,
    Kind.PROJECT_INVITATION: Priority.HIGH,
    Kind.COMMENT_ADDED: Priority.MEDIUM,
    Kind.MENTION: Priority.HIGH,
    Kind.ORDER_UPDATED: Priority.MEDIUM,
    Kind.SYSTEM: Priority.MEDIUM,
    Kind.SECURITY: Priority.URGENT,
}
MAILED: Final = frozenset({Kind.TASK_ASSIGNED, Kind.TASK_OVERDUE, Kind.MENTION})
"""What is also told by mail unless a person says otherwise."""
ALWAYS_MAILED: Final = frozenset({Kind.PROJECT_INVITATION, Kind.SECURITY})
"""What has a mail of its own, which goes to whoever reads mail at an address, at once and whatever an account prefers."""
UNMUTABLE: Final = frozenset({Kind.MENTION, Kind.SECURITY})
"""What is always shown, whatever a person prefers (requirement S4-C18)."""
