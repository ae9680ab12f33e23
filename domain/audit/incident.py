"""A refusal that is remembered."""

from typing import Self

from domain.shared.aggregate import Aggregate
from domain.shared.event import Event


class Incident(Aggregate, frozen=True):
    """A stream of one fact: incidents decide nothing and never wait for each other."""

    def evolve(self, _: Event) -> Self:
        """Nothing more to know."""
        return self
