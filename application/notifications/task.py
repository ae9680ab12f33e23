"""What people are told about tasks: whoever it concerns, but never whoever did it."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from application.notifications.telling import News, tell
from application.shared.command import Command, handles
from application.shared.ports import Ports
from application.shared.reaction import reacts
from domain.notifications.kind import Kind
from domain.shared.event import Event, Recorded
from domain.tasks import events as e
from domain.tasks.audience import Audience

CHANGES: Final[dict[type[Event], str]] = {
    e.TaskEdited: "edited",
    e.TaskSubmitted: "submitted",
    e.TaskSentBack: "sent_back",
    e.TaskReopened: "reopened",
    e.TaskCancelled: "cancelled",
    e.TaskMoved: "moved",
    e.TaskDeleted: "deleted",
    e.TaskRestored: "restored",
    e.TaskFailed: "failed",
}


class NotifyOfTask(Command, frozen=True):
    """Tell those whom a task concerns, or `to` alone, what was done with it; never `actor_id`, who did it."""

    kind: Kind
    task_id: UUID
    actor_id: UUID | None = None
    to: tuple[UUID, ...] = ()
    change: str | None = None
    facts: dict[str, Any] = msgspec.field(default_factory=dict)


class NotifyOfComment(Command, frozen=True):
    """Tell those who are mentioned and, where it is new, everybody else whom the task concerns."""

    task_id: UUID
    comment_id: UUID
    author_id: UUID
    mentions: tuple[UUID, ...] = ()
    is_new: bool = True


@handles(NotifyOfTask)
async def notify_of_task(command: NotifyOfTask, ports: Ports) -> None:
    """Of a task that is gone, only that it is gone is told."""
    task = await ports.log.load(Audience, command.task_id)
    if not task.exists or (task.deleted and command.change != "deleted"):
        return
    news = News(
        kind=command.kind,
        title=task.title,
        change=command.change,
        facts=command.facts,
        actor_id=command.actor_id,
        task_id=task.id,
        project_id=task.project_id,
    )
    await tell(ports, command.to or _concerned(command.kind, task), news)


@handles(NotifyOfComment)
async def notify_of_comment(command: NotifyOfComment, ports: Ports) -> None:
    """Who is mentioned is told that, and not also that there is a comment."""
    task = await ports.log.load(Audience, command.task_id)
    if not task.exists or task.deleted:
        return
    groups = {Kind.MENTION: set(command.mentions)}
    if command.is_new:
        groups[Kind.COMMENT_ADDED] = set(task.people) - set(command.mentions)
    for kind, people in groups.items():
        news = News(
            kind=kind,
            title=task.title,
            actor_id=command.author_id,
            task_id=task.id,
            project_id=task.project_id,
            comment_id=command.comment_id,
        )
        await tell(ports, people, news)


def _concerned(kind: Kind, task: Audience) -> Iterable[UUID]:
    """A date that has passed is for those to know who can do something about it."""
    if kind is Kind.TASK_OVERDUE:
        return {one for one in (task.owner_id, *task.assignee_ids) if one is not None}
    return task.people


@reacts("notifications.tasks", e.TaskAssigneeAdded, e.TaskReowned, e.TaskCompleted, e.TaskBecameOverdue, *CHANGES)
def tasks(recorded: Recorded[Any]) -> list[Command]:
    """What can be told from the event alone to be nobody else's business leads to nothing."""
    event, actor_id, task_id = recorded.event, recorded.actor_id, recorded.stream_id
    match event:
        case e.TaskAssigneeAdded(user_id=to) | e.TaskReowned(owner_id=to):
            wish = NotifyOfTask(kind=Kind.TASK_ASSIGNED, task_id=task_id, actor_id=actor_id, to=(to,))
            return [] if to == actor_id else [wish]
        case e.TaskCompleted():
            return [NotifyOfTask(kind=Kind.TASK_COMPLETED, task_id=task_id, actor_id=actor_id)]
        case e.TaskBecameOverdue(due_date=due_date):
            return [NotifyOfTask(kind=Kind.TASK_OVERDUE, task_id=task_id, facts={"due_date": due_date})]
        case e.TaskFailed(retry_at=retry_at) if retry_at is not None:
            return []  # It is tried again by itself.
        case e.TaskEdited(after=after):
            facts = {"fields": [name for name in after.__struct_fields__ if getattr(after, name) is not UNSET]}
            return [NotifyOfTask(kind=Kind.TASK_UPDATED, task_id=task_id, actor_id=actor_id, change="edited", facts=facts)]
    return [NotifyOfTask(kind=Kind.TASK_UPDATED, task_id=task_id, actor_id=actor_id, change=CHANGES[type(event)])]


@reacts("notifications.comments", e.CommentPosted, e.CommentEdited)
def comments(recorded: Recorded[Any]) -> list[Command]:
    """A comment in other words concerns only those who are mentioned now and were not before."""
    event = recorded.event
    is_new = isinstance(event, e.CommentPosted)
    mentions = event.mentions if is_new else event.newly_mentioned
    wish = NotifyOfComment(task_id=event.task_id, comment_id=event.comment_id, author_id=event.author_id, mentions=mentions, is_new=is_new)
    return [wish] if is_new or mentions else []
