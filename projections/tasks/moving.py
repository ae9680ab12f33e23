"""What events of people and projects change in a row about a task, the same in every read model that has these fields."""

from typing import Any, Protocol
from uuid import UUID

from domain.tasks import events as e


class Owned(Protocol):
    """A row that says whose a task is, in which project, and who is to work on it."""

    @property
    def assignee_ids(self) -> list[UUID]:
        """The people who work on it."""


def moved(row: Owned, event: e.TaskEvent) -> dict[str, Any]:
    """The fields that change: owner, project, assignees; none for all other events."""
    match event:
        case e.TaskMoved(project_id=project_id):
            return {"project_id": project_id}
        case e.TaskReowned(owner_id=owner_id):
            return {"owner_id": owner_id}
        case e.TaskAssigneeAdded(user_id=user_id):
            return {"assignee_ids": [*row.assignee_ids, user_id]}
        case e.TaskAssigneeRemoved(user_id=user_id):
            return {"assignee_ids": [one for one in row.assignee_ids if one != user_id]}
    return {}
