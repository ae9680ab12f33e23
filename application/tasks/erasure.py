"""What becomes of the tasks of a person who was erased (requirement S1-C03)."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID, uuid5

from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from application.shared.reaction import reacts
from application.tasks.task import EXTERNAL_ID, external_name
from domain.identity.events import UserErased, UserForgotten
from domain.projects.events import ProjectReowned
from domain.projects.membership import Membership
from domain.shared.event import Recorded
from domain.tasks.account import Account, HandOver
from domain.tasks.events import TasksHandedOver
from domain.tasks.task import Task

PART: Final = 500
"""Tasks handed over by one command."""


class HandOverTasks(Command, frozen=True):
    """Take an erased account out of its tasks: its own are deleted, those in a project are the project owner's.

    Of the tasks with ids `beyond` this one, as they were known at the position `seen` of the log or later; done again, it finds none.
    """

    user_id: UUID
    seen: int
    beyond: UUID | None = None


@handles(HandOverTasks)
async def hand_over_tasks(command: HandOverTasks, ports: Ports) -> None:
    """A part of them; where there may be more, that is a fact to go on from. Raises `InsufficientRole`, `Unavailable` until it was seen."""
    must(ports.caller, "tasks:hand-over")  # Nobody's: only Daybook itself does it.
    if not (await ports.log.load(Account, command.user_id)).erased:
        return
    ids = await ports.outside.remains.tasks_of(command.user_id, seen=command.seen, beyond=command.beyond, most=PART)
    tasks = await ports.log.load_many(Task, ids)
    await ports.log.load_many(Membership, [task.project_id for task in tasks if task.project_id is not None])
    for task in tasks:
        if not task.deleted:
            await _hand_over(task, command.user_id, ports)
    if len(ids) == PART:
        progress = await ports.log.load(HandOver, uuid5(command.user_id, "tasks.handed_over"))
        ports.log.stage(progress, TasksHandedOver(at=ports.now, user_id=command.user_id, beyond=ids[-1]))


async def _hand_over(task: Task, user_id: UUID, ports: Ports) -> None:
    project = None if task.project_id is None else await ports.log.load(Membership, task.project_id)
    after = ports.log.stage(task, *task.lose(user_id, project.owner_id if project is not None else None, ports.now))
    if after.deleted and task.external_id is not None:
        ports.log.release(EXTERNAL_ID, external_name(task))


@reacts("tasks.erasure", UserErased, UserForgotten, ProjectReowned, TasksHandedOver)
def erasure(recorded: Recorded[Any]) -> Iterable[Command]:
    """At once; once more when nobody can act for the account any more; and when a project of theirs has another owner at last."""
    match recorded.event:
        case UserErased(user_id=user_id) | UserForgotten(user_id=user_id) | ProjectReowned(previous_owner_id=user_id):
            yield HandOverTasks(user_id=user_id, seen=recorded.position)
        case TasksHandedOver(user_id=user_id, beyond=beyond):
            yield HandOverTasks(user_id=user_id, seen=recorded.position, beyond=beyond)
