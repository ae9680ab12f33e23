"""What can happen to a task or to the node that works on it: the one place where other contexts listen."""

from domain.tasks.events.account import TasksHandedOver
from domain.tasks.events.base import TaskEvent
from domain.tasks.events.comment import CommentDeleted, CommentEdited, CommentEvent, CommentPosted
from domain.tasks.events.filter import FilterEvent, TaskFilterChanged, TaskFilterRemoved, TaskFilterSaved, TaskFiltersForgotten
from domain.tasks.events.node import NodeCapacitySet, NodeDrained, NodeEvent, NodeResumed, NodeSeen
from domain.tasks.events.people import TaskAssigneeAdded, TaskAssigneeRemoved, TaskMoved, TaskReowned, TaskWatcherAdded, TaskWatcherRemoved
from domain.tasks.events.task import Fields, TaskBecameOverdue, TaskCreated, TaskDeleted, TaskEdited, TaskProgressed, TaskRestored
from domain.tasks.events.work import (
    LeaseExtended,
    TaskAssigned,
    TaskCancelled,
    TaskClaimed,
    TaskCompleted,
    TaskFailed,
    TaskReopened,
    TaskRetried,
    TaskSentBack,
    TaskStarted,
    TaskSubmitted,
)

__all__ = [
    "CommentDeleted",
    "CommentEdited",
    "CommentEvent",
    "CommentPosted",
    "Fields",
    "FilterEvent",
    "LeaseExtended",
    "NodeCapacitySet",
    "NodeDrained",
    "NodeEvent",
    "NodeResumed",
    "NodeSeen",
    "TaskAssigned",
    "TaskAssigneeAdded",
    "TaskAssigneeRemoved",
    "TaskBecameOverdue",
    "TaskCancelled",
    "TaskClaimed",
    "TaskCompleted",
    "TaskCreated",
    "TaskDeleted",
    "TaskEdited",
    "TaskEvent",
    "TaskFailed",
    "TaskFilterChanged",
    "TaskFilterRemoved",
    "TaskFilterSaved",
    "TaskFiltersForgotten",
    "TaskMoved",
    "TaskProgressed",
    "TaskReopened",
    "TaskReowned",
    "TaskRestored",
    "TaskRetried",
    "TaskSentBack",
    "TaskStarted",
    "TaskSubmitted",
    "TaskWatcherAdded",
    "TaskWatcherRemoved",
    "TasksHandedOver",
]
