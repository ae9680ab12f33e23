"""Many wishes about tasks at once: everything they are decided on is read together, and all of it is written by one append."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from application.shared.command import HANDLERS, Command, handles
from application.shared.ports import Ports
from application.tasks.assignment import AssignTask
from application.tasks.people import AddAssignee, MoveTask
from application.tasks.task import EXTERNAL_ID, EditTask, RestoreTask, external_name
from domain.projects.membership import Membership
from domain.shared.refused import Conflict, Refused
from domain.tasks.account import Account
from domain.tasks.node import Node, node_stream
from domain.tasks.task import Task


class BatchRefused(Conflict):
    """Some of these tasks refuse, so all of them stay as they are."""

    def __init__(self, items: Sequence["Item"]) -> None:
        self.items = [item for item in items if item.refused is not None]
        super().__init__(f"{len(self.items)} of {len(items)} tasks refuse.", offenders=[item.told() for item in self.items])


class Item(msgspec.Struct, frozen=True):
    """What became of one task: its new state, or why it is as it was."""

    task_id: UUID
    task: Task | None = None
    refused: Refused | None = None

    def told(self) -> dict[str, Any]:
        """The refusal as clients are told of it."""
        refused = self.refused or Refused()
        code = "validation_failed" if refused.facts.get("errors") else refused.code()
        return {"task_id": self.task_id, "code": code, "detail": refused.detail}


class ChangeTasks(Command, frozen=True):
    """One wish for each of several tasks. Each is granted or refused by itself; `atomic`: all or none.

    The wishes are commands with a `task_id`, each about another task. Their handlers refuse before they stage anything.
    """

    wishes: tuple[Command, ...]
    atomic: bool = False


@handles(ChangeTasks)
async def change_tasks(command: ChangeTasks, ports: Ports) -> list[Item]:
    """What became of each, in the order asked. Raises `BatchRefused` where all or none was asked and some refuse."""
    await _read_together(command.wishes, ports)
    items = [await _granted(wish, ports) for wish in command.wishes]
    if command.atomic and any(item.refused is not None for item in items):
        raise BatchRefused(items)
    return items


async def _granted(wish: Any, ports: Ports) -> Item:
    try:
        return Item(wish.task_id, task=await HANDLERS[type(wish)](wish, ports))
    except Refused as refused:
        return Item(wish.task_id, refused=refused)


async def _read_together(wishes: Sequence[Any], ports: Ports) -> None:
    """A few reads, however many tasks: the handlers find all of it there."""
    log = ports.log
    tasks = await log.load_many(Task, [wish.task_id for wish in wishes])
    places = [task.project_id for task in tasks] + [wish.project_id for wish in wishes if isinstance(wish, MoveTask)]
    projects = await log.load_many(Membership, [place for place in places if place is not None])
    await log.load_many(Membership, [project.team_id for project in projects if project.team_id is not None])
    await log.load_many(Account, [user_id for wish in wishes for user_id in _named_by(wish)])
    await log.load_many(Node, [node_stream(wish.node_id) for wish in wishes if isinstance(wish, AssignTask)])
    restored = {wish.task_id for wish in wishes if isinstance(wish, RestoreTask)}
    await log.holders(EXTERNAL_ID, [external_name(task) for task in tasks if task.id in restored and task.external_id is not None])


def _named_by(wish: Any) -> Sequence[UUID]:
    match wish:
        case AddAssignee(user_id=user_id):
            return (user_id,)
        case EditTask(assignee_ids=tuple(user_ids)):
            return user_ids
        case AssignTask(node_id=node_id):
            return (node_id,)
    return ()
