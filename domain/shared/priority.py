"""How urgent something is."""

from domain.shared.word import Word


class Priority(Word):
    """From least to most urgent."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"

    @classmethod
    def usual(cls, typed: str) -> str:
        """`critical` is as urgent as it gets (requirement CF-06)."""
        return "urgent" if typed == "critical" else typed
