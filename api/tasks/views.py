"""Tasks and nodes as clients see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from api.shared.parts import parts
from api.shared.request import Req
from api.shared.task_sight import must_see_task
from domain.tasks.status import Priority, Status
from domain.tasks.task import Task


class TaskView(msgspec.Struct, frozen=True):
    """A task. After a command it also carries `position`."""

    id: UUID
    version: int
    owner_id: UUID
    title: str
    description: str | None
    payload: Any
    priority: Priority
    external_id: str | None
    status: Status
    assigned_node_id: UUID | None
    token: int | None
    lock_expires_at: datetime | None
    due_date: datetime | None
    attempts: int
    max_attempts: int
    retry_at: datetime | None
    progress: Any
    last_error: str | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    deleted: bool
    project_id: UUID | None
    assignee_ids: list[UUID]
    watcher_ids: list[UUID]
    tags: list[str]
    overdue: bool


def task_view(task: Any) -> TaskView:
    """The aggregate, or a row of the board, as a view."""
    return msgspec.convert(task, TaskView, from_attributes=True)


async def task_is_there(request: Req) -> None:
    """Raises `NotFound` unless the caller may see the task the address names."""
    task, _ = await parts(request).log.load(Task, request.path_params["task_id"])
    await must_see_task(request, task.but(deleted=task.deleted or not task.exists))
