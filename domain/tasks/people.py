"""The people around a task: who works on it, who follows it, whose it is, and in which project."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.shared.event import Event
from domain.tasks import events as e
from domain.tasks.content import TaskContent
from domain.tasks.errors import TaskOfNode, TooManyPeople

ASSIGNEES: Final = 10
WATCHERS: Final = 100


class TaskOfPeople(TaskContent, frozen=True, kw_only=True):
    """A task as something people share."""

    def add_assignee(self, user_id: UUID, now: datetime) -> list[Event]:
        """Somebody is to work on it; a node's task is worked on by its node alone."""
        if user_id in self.assignee_ids:
            return []
        if self.assigned_node_id is not None:
            raise TaskOfNode
        if len(self.assignee_ids) >= ASSIGNEES:
            raise TooManyPeople(f"A task has at most {ASSIGNEES} assignees.", most=ASSIGNEES)
        return [e.TaskAssigneeAdded(at=now, user_id=user_id)]

    def remove_assignee(self, user_id: UUID, now: datetime) -> list[Event]:
        """Somebody is not to work on it any more."""
        return [e.TaskAssigneeRemoved(at=now, user_id=user_id)] if user_id in self.assignee_ids else []

    def set_assignees(self, user_ids: Sequence[UUID], now: datetime) -> list[Event]:
        """These people and nobody else are to work on it; those who go make room first."""
        leaving = [user for user in self.assignee_ids if user not in user_ids]
        return self.in_turn(
            *[lambda task, user=user: task.remove_assignee(user, now) for user in leaving],
            *[lambda task, user=user: task.add_assignee(user, now) for user in user_ids],
        )

    def add_watcher(self, user_id: UUID, now: datetime) -> list[Event]:
        """Somebody follows it."""
        if user_id in self.watcher_ids:
            return []
        if len(self.watcher_ids) >= WATCHERS:
            raise TooManyPeople(f"A task has at most {WATCHERS} watchers.", most=WATCHERS)
        return [e.TaskWatcherAdded(at=now, user_id=user_id)]

    def remove_watcher(self, user_id: UUID, now: datetime) -> list[Event]:
        """Somebody does not follow it any more."""
        return [e.TaskWatcherRemoved(at=now, user_id=user_id)] if user_id in self.watcher_ids else []

    def lose(self, user_id: UUID, successor: UUID | None, now: datetime) -> list[Event]:
        """Somebody is gone for ever. What was theirs alone goes too; what is in a project goes to its owner, the `successor`."""
        return self.in_turn(
            lambda task: task.remove_assignee(user_id, now),
            lambda task: task.remove_watcher(user_id, now),
            lambda task: [] if task.owner_id != user_id else task.delete(now) if successor is None else task.reown(successor, now),
        )

    def move(self, project_id: UUID | None, now: datetime) -> list[Event]:
        """Put it into another project, or into none."""
        return [] if project_id == self.project_id else [e.TaskMoved(at=now, project_id=project_id, from_project_id=self.project_id)]

    def reown(self, owner_id: UUID, now: datetime) -> list[Event]:
        """Let it be somebody else's."""
        if self.owner_id is None or owner_id == self.owner_id:
            return []
        return [e.TaskReowned(at=now, owner_id=owner_id, previous_owner_id=self.owner_id)]
