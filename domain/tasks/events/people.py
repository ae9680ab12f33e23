"""Who is concerned with a task, and in which project it is."""

from uuid import UUID

from domain.shared.event import recorded_as
from domain.tasks.events.base import TaskEvent


@recorded_as("task.assignee_added")
class TaskAssigneeAdded(TaskEvent, frozen=True, kw_only=True):
    """This person is to work on it."""

    user_id: UUID


@recorded_as("task.assignee_removed")
class TaskAssigneeRemoved(TaskEvent, frozen=True, kw_only=True):
    """This person is not to work on it any more."""

    user_id: UUID


@recorded_as("task.watcher_added")
class TaskWatcherAdded(TaskEvent, frozen=True, kw_only=True):
    """This person sees it and is told what happens to it."""

    user_id: UUID


@recorded_as("task.watcher_removed")
class TaskWatcherRemoved(TaskEvent, frozen=True, kw_only=True):
    """This person does not follow it any more."""

    user_id: UUID


@recorded_as("task.moved")
class TaskMoved(TaskEvent, frozen=True, kw_only=True):
    """It is in another project (`project_id`) than before, or in none."""

    from_project_id: UUID | None = None


@recorded_as("task.reowned")
class TaskReowned(TaskEvent, frozen=True, kw_only=True):
    """It belongs to somebody else now."""

    owner_id: UUID
    previous_owner_id: UUID
