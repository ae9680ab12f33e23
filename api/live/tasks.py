"""Live: tasks, their comments, and the queues of nodes."""

from typing import Any, Final
from uuid import UUID

from msgspec import UNSET

from api.live.channel import Kind, channel
from api.live.projects import PROJECT
from api.live.tell import Happened, Told, small, tells
from application.shared.context import Caller
from application.shared.permissions import Reach, reach
from application.shared.task_sight import LoadsAny, Say, say, seat
from domain.projects.membership import Membership
from domain.shared.event import Recorded
from domain.tasks import events as e
from domain.tasks.audience import Audience


async def sees_task(caller: Caller, task_id: UUID, load: LoadsAny) -> bool:
    """Whether somebody may follow a task: who sees it, by the rule that holds for reading it."""
    task = await load(Audience, task_id)
    if not task.exists or task.deleted:
        return False
    if reach(caller, "tasks:read") is Reach.ALL:
        return True

    async def membership(membership_id: UUID) -> Membership:
        return await load(Membership, membership_id)

    return say(task, caller, await seat(task, caller.id, membership)) is not Say.NOTHING


TASKS: Final = channel(Kind("tasks", "Tasks that I own, work on, watch, or that are my node's.", "tasks:read"))
TASK: Final = channel(Kind("task", "One task and what is said about it.", "tasks:read", sees=sees_task))
NODE: Final = channel(Kind("node", "The queue of the node that I am, and the node itself.", "tasks:claim"))


@tells(e.TaskEvent, circle=Audience)
def task(happened: Happened) -> Told | None:
    """To everybody it concerns: also to who was just taken off it, and to the project it just left."""
    event, before, after = happened.recorded.event, happened.before, happened.after
    if isinstance(event, e.LeaseExtended) and event.progress is UNSET:
        return None  # A sign of life is nothing that anybody has to see.
    told = small(event, title=after.title)
    return Told(
        happened.recorded.stream_id,
        told,
        {
            TASK.topic(happened.recorded.stream_id),
            *TASKS.topics(*before.people, *after.people),
            *PROJECT.topics(before.project_id, after.project_id),
            *NODE.topics(before.assigned_node_id, after.assigned_node_id),
        },
    )


def its_task(recorded: Recorded[Any]) -> UUID:
    """The task a comment is on."""
    task_id: UUID = recorded.event.task_id
    return task_id


@tells(e.CommentEvent, circle=Audience, about=its_task)
def comment(happened: Happened) -> Told | None:
    """To everybody who sees the task."""
    event, on = happened.recorded.event, happened.after
    to = {TASK.topic(event.task_id), *TASKS.topics(*on.people), *PROJECT.topics(on.project_id)}
    return Told(event.comment_id, small(event, "comment_id", title=on.title), to)


@tells(e.NodeEvent, but=(e.NodeSeen,))
def node(happened: Happened) -> Told | None:
    """To the node, except that it is alive."""
    event = happened.recorded.event
    return Told(event.node_id, small(event, "node_id"), NODE.topics(event.node_id))
