"""Many tasks at once: each item is a command of its own, all of them written together."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import JSONBody
from msgspec import Meta

from api.shared.bodies import Body
from api.shared.commanding import Viewed, context
from api.shared.incidents import note
from api.shared.parts import parts
from api.shared.problem_codes import code_of
from api.shared.problems import BodyRefused, FieldError
from api.shared.routing import command
from api.tasks.views import TaskView
from application.shared.command import Command
from application.tasks.assignment import AssignTask
from application.tasks.progress import ChangeTaskStatus, RetryTask
from application.tasks.task import DeleteTask, EditTask, RestoreTask
from domain.shared.refused import Refused
from domain.tasks.events import Fields
from domain.tasks.status import Priority, Status

Req = Request[Any, Any, Any]
AT_ONCE = 200
Action = Literal["start", "complete", "fail", "delete", "restore", "retry", "assign", "set_priority"]


class Batch(Body, frozen=True, kw_only=True):
    """Ids of tasks, what is to be done with each, and what that needs (`node_id` to assign, `priority` to set it)."""

    further_rules: ClassVar[dict[str, Any]] = {
        "allOf": [
            {"if": {"properties": {"action": {"const": action}}}, "then": {"required": [field], "properties": {field: {"type": "string"}}}}
            for action, field in (("assign", "node_id"), ("set_priority", "priority"))
        ]
    }
    tasks: Annotated[list[UUID], Meta(min_length=1)]
    action: Action
    node_id: UUID | None = None
    lock_expires_at: datetime | None = None
    priority: Priority | None = None
    reason: Annotated[str, Meta(max_length=2000)] | None = None


class ItemError(msgspec.Struct, frozen=True):
    """Why one task was left as it is."""

    code: str
    detail: str


class ItemResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one task."""

    task_id: UUID
    success: bool
    error: ItemError | None = None


class BatchResult(msgspec.Struct, frozen=True):
    """What became of each task, in the order asked."""

    results: list[ItemResult]


@command("/api/v1/tasks/batch", needs="tasks:work", answers=BatchResult, tags=["tasks"])
async def batch_tasks(request: Req, data: JSONBody[Batch]) -> Response[bytes]:
    """Do the same with many tasks; each succeeds or fails by itself."""
    most = parts(request).rules.batch_max
    if len(data.tasks) > most:
        raise BodyRefused([FieldError("/tasks", "too_long", f"at most {most} tasks")])
    _refuse_incomplete(data)
    narrow = asyncio.Semaphore(AT_ONCE)

    async def do(task_id: UUID) -> tuple[ItemResult, int]:
        async with narrow:
            return await _item(request, task_id, data)

    told = await asyncio.gather(*(do(task_id) for task_id in dict.fromkeys(data.tasks)))
    position = max(position for _, position in told)
    body = msgspec.json.encode(BatchResult([result for result, _ in told]))
    return Response(body, media_type="application/json", headers={"Daybook-Position": str(position), "Cache-Control": "no-store"})


async def _item(request: Req, task_id: UUID, data: Batch) -> tuple[ItemResult, int]:
    try:
        asked = await context(request, f"/{task_id}")
        outcome = await parts(request).dispatch(_wish(task_id, data), asked, Viewed(request, TaskView))
    except Refused as refused:
        await note(request, refused, task_id)
        return ItemResult(task_id, success=False, error=ItemError(code_of(refused), refused.detail)), 0
    if outcome.answer is not None and outcome.answer.status >= 400:
        stored = msgspec.json.decode(outcome.answer.body)
        return ItemResult(task_id, success=False, error=ItemError(stored["code"], stored["detail"])), outcome.position
    return ItemResult(task_id, success=True), outcome.position


def _wish(task_id: UUID, data: Batch) -> Command:
    match data.action:
        case "start" | "complete" | "fail":
            status = {"start": Status.IN_PROGRESS, "complete": Status.COMPLETED, "fail": Status.FAILED}[data.action]
            return ChangeTaskStatus(task_id=task_id, status=status, reason=data.reason)
        case "delete":
            return DeleteTask(task_id=task_id)
        case "restore":
            return RestoreTask(task_id=task_id)
        case "retry":
            return RetryTask(task_id=task_id)
        case "assign":
            return AssignTask(task_id=task_id, node_id=data.node_id or UUID(int=0), lock_expires_at=data.lock_expires_at)
        case "set_priority":
            return EditTask(task_id=task_id, changes=Fields(priority=data.priority or Priority.MEDIUM))


def _refuse_incomplete(data: Batch) -> None:
    needed = {"assign": ("node_id", data.node_id), "set_priority": ("priority", data.priority)}.get(data.action)
    if needed is not None and needed[1] is None:
        raise BodyRefused([FieldError(f"/{needed[0]}", "required", f"{data.action} needs {needed[0]}")])
