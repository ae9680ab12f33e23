"""Many tasks at once: the same action for each, read together and written together."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal, get_args
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.shared.bodies import Body
from api.shared.commanding import Viewed, context, respond
from api.shared.incidents import note
from api.shared.parts import parts
from api.shared.problems import BodyRefused, FieldError
from api.shared.request import Req
from api.shared.routing import command
from api.tasks.task import Assignees
from application.shared.command import Command
from application.shared.context import Answer
from application.tasks.assignment import AssignTask
from application.tasks.batch import BatchRefused, ChangeTasks, Item
from application.tasks.people import AddAssignee, MoveTask, RemoveAssignee
from application.tasks.progress import ChangeTaskStatus
from application.tasks.steps_back import ReopenTask, RetryTask, SendBackTask
from application.tasks.task import DeleteTask, EditTask, RestoreTask, TagTask
from domain.tasks.events import Fields
from domain.tasks.status import Priority, Status

Action = Literal[
    "start", "submit", "complete", "fail", "cancel", "set_status", "send_back", "reopen", "retry", "set_priority", "add_tag", "remove_tag",
    "assign", "assign_people", "add_assignee", "remove_assignee", "move", "delete", "restore",
]  # fmt: skip
NEEDS: Final[Mapping[str, str]] = {
    "set_status": "status", "send_back": "reason", "reopen": "reason", "set_priority": "priority", "add_tag": "tag", "remove_tag": "tag",
    "assign": "node_id", "assign_people": "assignee_ids", "add_assignee": "user_id", "remove_assignee": "user_id", "move": "project_id",
}  # fmt: skip
"""The field without which an action says too little."""


CASES: Final[list[dict[str, Any]]] = [
    {"properties": {"action": {"enum": [action for action in get_args(Action) if action not in NEEDS]}}},
    *[
        {
            "required": [field],
            "properties": {"action": {"enum": [action for action, needed in NEEDS.items() if needed == field]}}
            | ({} if field == "project_id" else {field: {"not": {"type": "null"}}}),
        }
        for field in dict.fromkeys(NEEDS.values())
    ],
]
"""What an action needs, as JSON schema says it: one case for each field."""


class Batch(Body, frozen=True, kw_only=True):
    """Ids of tasks, what is to be done with each, and what that needs: `set_status` a `status`, `reopen` and `send_back` a `reason`,
    `set_priority` a `priority`, `add_tag` and `remove_tag` a `tag`, `assign` a `node_id`, `assign_people` the whole new set
    `assignee_ids`, `add_assignee` and `remove_assignee` a `user_id`, `move` a `project_id` (null: into none). `atomic`: all or none.
    """

    further_rules: ClassVar[dict[str, Any]] = {"anyOf": CASES}
    tasks: Annotated[list[UUID], Meta(min_length=1)]
    action: Annotated[Action, Meta(examples=["complete"])]
    atomic: bool = False
    node_id: UUID | None = None
    lock_expires_at: datetime | None = None
    priority: Priority | None = None
    status: Status | None = None
    reason: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None
    tag: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
    user_id: UUID | None = None
    assignee_ids: Assignees | None = None
    project_id: UUID | UnsetType | None = UNSET


class ItemError(msgspec.Struct, frozen=True):
    """Why one task was left as it is."""

    code: str
    detail: str


class ItemLeft(msgspec.Struct, frozen=True):
    """How one task is now."""

    version: int
    status: Status


class ItemResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one task."""

    task_id: UUID
    success: bool
    result: ItemLeft | None = None
    error: ItemError | None = None


class BatchResult(msgspec.Struct, frozen=True):
    """What became of each task, in the order asked, each once."""

    results: list[ItemResult]


class _Listed(Viewed):
    """Answers with what became of each."""

    def result(self, result: object) -> Answer:
        """One line for each task."""
        shown = BatchResult([_result(item) for item in result]) if isinstance(result, list) else result
        return super().result(shown)


@command("/api/v1/tasks/batch", needs="tasks:work", answers=BatchResult, tags=["tasks"])
async def batch_tasks(request: Req, data: JSONBody[Batch]) -> Response[bytes]:
    """Do the same with many tasks; each succeeds or fails by itself, or with `atomic` all or none (409 names every one that refuses)."""
    most = parts(request).rules.batch_max
    if len(data.tasks) > most:
        raise BodyRefused([FieldError("/tasks", "too_long", f"at most {most} tasks")])
    field = NEEDS.get(data.action)
    if field is not None and getattr(data, field) is (UNSET if field == "project_id" else None):
        raise BodyRefused([FieldError(f"/{field}", "required", f"{data.action} needs {field}")])
    wish = WISHES[data.action]
    wishes = tuple(wish(task_id, data) for task_id in dict.fromkeys(data.tasks))
    try:
        outcome = await parts(request).dispatch(ChangeTasks(wishes=wishes, atomic=data.atomic), await context(request), _Listed(request, BatchResult))
    except BatchRefused as refused:
        await _note(request, refused.items)
        raise
    await _note(request, outcome.result or [])
    return respond(outcome.answer or Answer(200, b""), outcome)


async def _note(request: Req, items: list[Item]) -> None:
    """Tell the audit what was refused."""
    await asyncio.gather(*(note(request, item.refused, item.task_id) for item in items if item.refused is not None))


def _result(item: Item) -> ItemResult:
    if item.task is not None:
        return ItemResult(item.task_id, success=True, result=ItemLeft(item.task.version, item.task.status))
    told = item.told()
    return ItemResult(item.task_id, success=False, error=ItemError(told["code"], told["detail"]))


def _to(status: Status) -> Callable[[UUID, Any], Command]:
    return lambda task_id, data: ChangeTaskStatus(task_id=task_id, status=status, reason=data.reason)


WISHES: Final[Mapping[str, Callable[[UUID, Any], Command]]] = {
    "start": _to(Status.IN_PROGRESS),
    "submit": _to(Status.IN_REVIEW),
    "complete": _to(Status.COMPLETED),
    "fail": _to(Status.FAILED),
    "cancel": _to(Status.CANCELLED),
    "set_status": lambda task_id, data: _to(data.status)(task_id, data),
    "send_back": lambda task_id, data: SendBackTask(task_id=task_id, reason=data.reason),
    "reopen": lambda task_id, data: ReopenTask(task_id=task_id, reason=data.reason),
    "retry": lambda task_id, _: RetryTask(task_id=task_id),
    "set_priority": lambda task_id, data: EditTask(task_id=task_id, changes=Fields(priority=data.priority)),
    "add_tag": lambda task_id, data: TagTask(task_id=task_id, add=(data.tag,)),
    "remove_tag": lambda task_id, data: TagTask(task_id=task_id, remove=(data.tag,)),
    "assign": lambda task_id, data: AssignTask(task_id=task_id, node_id=data.node_id, lock_expires_at=data.lock_expires_at),
    "assign_people": lambda task_id, data: EditTask(task_id=task_id, assignee_ids=tuple(data.assignee_ids)),
    "add_assignee": lambda task_id, data: AddAssignee(task_id=task_id, user_id=data.user_id),
    "remove_assignee": lambda task_id, data: RemoveAssignee(task_id=task_id, user_id=data.user_id),
    "move": lambda task_id, data: MoveTask(task_id=task_id, project_id=data.project_id),
    "delete": lambda task_id, _: DeleteTask(task_id=task_id),
    "restore": lambda task_id, _: RestoreTask(task_id=task_id),
}
"""Each action as the command it is for one task."""
if set(WISHES) != set(get_args(Action)):
    raise TypeError("every action of a batch is a command")
