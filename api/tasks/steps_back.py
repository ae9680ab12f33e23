"""The steps back of a task, each by its own name: reopen, send back, retry."""

from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.shared.bodies import Body
from api.shared.commanding import carry_out
from api.shared.request import Req
from api.shared.routing import command
from api.tasks.views import TaskView, task_is_there
from application.tasks.steps_back import ReopenTask, RetryTask, SendBackTask
from domain.tasks.task import Task


class Reason(Body, frozen=True, kw_only=True):
    """Why."""

    reason: Annotated[str, Meta(min_length=1, max_length=2000)]


@command("/api/v1/tasks/{task_id:uuid}/reopen", needs="tasks:edit", answers=TaskView, tags=["tasks"], exists=task_is_there)
async def reopen_task(request: Req, task_id: FromPath[UUID], data: JSONBody[Reason]) -> Response[bytes]:
    """Take back that a task is completed or cancelled, for a reason."""
    return await carry_out(request, ReopenTask(task_id=task_id, reason=data.reason), TaskView, of=Task)


@command("/api/v1/tasks/{task_id:uuid}/send-back", needs="tasks:edit", answers=TaskView, tags=["tasks"], exists=task_is_there)
async def send_back_task(request: Req, task_id: FromPath[UUID], data: JSONBody[Reason]) -> Response[bytes]:
    """Send a task from review back to work, for a reason."""
    return await carry_out(request, SendBackTask(task_id=task_id, reason=data.reason), TaskView, of=Task)


@command("/api/v1/tasks/{task_id:uuid}/retry", needs="tasks:edit", answers=TaskView, tags=["tasks"])
async def retry_task(request: Req, task_id: FromPath[UUID]) -> Response[bytes]:
    """Let the same worker try a failed task again."""
    return await carry_out(request, RetryTask(task_id=task_id), TaskView, of=Task)
