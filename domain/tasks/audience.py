"""Whom a task concerns: all that other contexts need to know of a task, folded from its own stream."""

from typing import Self
from uuid import UUID

from msgspec import UNSET

from domain.shared.aggregate import Aggregate
from domain.shared.event import Event
from domain.tasks import events as e
from domain.tasks.concerned import concerned


class Audience(Aggregate, frozen=True, kw_only=True):
    """Owner, assignees, watchers, node and project of a task, and its title."""

    owner_id: UUID | None = None
    assignee_ids: tuple[UUID, ...] = ()
    watcher_ids: tuple[UUID, ...] = ()
    assigned_node_id: UUID | None = None
    project_id: UUID | None = None
    title: str = ""
    deleted: bool = False

    @property
    def exists(self) -> bool:
        """Whether it was created: another stream's events make no task."""
        return self.owner_id is not None

    @property
    def people(self) -> frozenset[UUID]:
        """Everybody who sees it without being a member of its project."""
        return frozenset((self.owner_id, self.assigned_node_id, *self.assignee_ids, *self.watcher_ids)) - {None}  # type: ignore[return-value]  # None is taken out.

    def evolve(self, event: Event) -> Self:
        """The audience after one more event."""
        match event:
            case e.TaskCreated(owner_id=owner_id, title=title, project_id=project_id):
                return self.but(owner_id=owner_id, title=title, project_id=project_id)
            case e.TaskAssigned(node_id=node_id):
                return self.but(assigned_node_id=node_id)
            case e.TaskEdited(after=after) if after.title is not UNSET:
                return self.but(title=after.title)
            case e.TaskDeleted() | e.TaskRestored():
                return self.but(deleted=isinstance(event, e.TaskDeleted))
        return self.but(**concerned(self, event))
