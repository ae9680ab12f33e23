"""One line of the table: what was measured, beside what, and how far it should reach."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any, Self

import msgspec

Say = Callable[[str], None]
"""Tells the person who waits what is being measured."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A figure. `ratio` is the median of ours by the median of the rival, and `reach` is its bound in the same terms.

    Where `lower_is_better` (times and sizes: P5, P8, P10) the bound is the most that the ratio may be, elsewhere the least. Where
    nobody else does the same thing (P5, P10) the limit itself stands in the rival's place and the bound is 1.
    """

    id: str
    what: str
    against: str
    unit: str
    ours: float
    rival: float
    reach: float
    lower_is_better: bool = False
    note: str = ""

    @classmethod
    def of(cls, ours: Sequence[float], rival: Sequence[float], **more: Any) -> Self:
        """The row of several runs of both sides."""
        return cls(ours=statistics.median(ours), rival=statistics.median(rival), **more)

    @property
    def ratio(self) -> float:
        """Ours by the rival."""
        return self.ours / self.rival

    @property
    def reached(self) -> bool:
        """Whether the ratio is on the right side of its bound."""
        return self.ratio <= self.reach if self.lower_is_better else self.ratio >= self.reach

    def told(self) -> dict[str, Any]:
        """The row as `--json` writes it."""
        figures = {name: round(value, 4) for name, value in (("ratio", self.ratio), ("ours", self.ours), ("rival", self.rival))}
        return {"id": self.id, "ratio": figures["ratio"], "reach": self.reach, "ours": figures["ours"], "rival": figures["rival"], "unit": self.unit}


def in_turn(turns: int, *sides: Callable[[], float]) -> list[list[float]]:
    """Run each side in turn, several times, so that what else the machine does meets all of them alike; the figures of each."""
    told: list[list[float]] = [[] for _ in sides]
    for _ in range(turns):
        for figures, side in zip(told, sides, strict=True):
            figures.append(side())
    return told
