"""What a project or team is called, folded from its own events."""

from typing import Self

from msgspec import UNSET

from domain.projects import events as e
from domain.shared.aggregate import Aggregate
from domain.shared.event import Event


class Called(Aggregate, frozen=True):
    """The name of a project or team; empty for other streams."""

    name: str = ""

    def evolve(self, event: Event) -> Self:
        """The name after one more event."""
        match event:
            case e.ProjectCreated(fields=fields) | e.ProjectEdited(after=fields) if isinstance(fields.name, str):
                return self.but(name=fields.name)
            case e.TeamCreated(name=name) | e.TeamEdited(name=name) if name is not UNSET:
                return self.but(name=name)
        return self
