"""How the people and the project of a task change, for all that are folded from its stream."""

from typing import Any, Protocol
from uuid import UUID

from domain.shared.event import Event
from domain.tasks import events as e


class Concerned(Protocol):
    """What has the people of a task."""

    @property
    def assignee_ids(self) -> tuple[UUID, ...]:
        """Who works on it, in the order they were added."""

    @property
    def watcher_ids(self) -> tuple[UUID, ...]:
        """Who follows it."""


def concerned(state: Concerned, event: Event) -> dict[str, Any]:
    """The fields that an event changes."""
    changes: dict[str, Any] = {}
    match event:
        case e.TaskAssigneeAdded(user_id=user):
            changes = {"assignee_ids": (*state.assignee_ids, user)}
        case e.TaskAssigneeRemoved(user_id=user):
            changes = {"assignee_ids": tuple(one for one in state.assignee_ids if one != user)}
        case e.TaskWatcherAdded(user_id=user):
            changes = {"watcher_ids": (*state.watcher_ids, user)}
        case e.TaskWatcherRemoved(user_id=user):
            changes = {"watcher_ids": tuple(one for one in state.watcher_ids if one != user)}
        case e.TaskMoved(project_id=project_id):
            changes = {"project_id": project_id}
        case e.TaskReowned(owner_id=owner_id):
            changes = {"owner_id": owner_id}
    return changes
