"""The worker's own words: status, heartbeat, notes."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.shared.bodies import Body
from api.shared.commanding import carry_out
from api.shared.request import Req
from api.shared.routing import command
from api.tasks.views import TaskView, task_is_there
from application.tasks.progress import ChangeTaskStatus, Heartbeat, NoteProgress
from domain.tasks.status import Status
from domain.tasks.task import Task

Token = Annotated[int, Meta(ge=1, le=2_147_483_647)]


class StatusChange(Body, frozen=True, kw_only=True):
    """Where the work stands. Without `token` the caller's present lease counts; a stale one is refused."""

    status: Status
    token: Token | None = None
    reason: Annotated[str, Meta(max_length=2000)] | None = None


class Alive(Body, frozen=True, kw_only=True):
    """The worker is alive; `progress` is any JSON up to 16 KiB and is given to the next attempt."""

    token: Token | None = None
    progress: Any | UnsetType = UNSET


class Note(Body, frozen=True, kw_only=True):
    """Something worth noting."""

    note: Annotated[str, Meta(min_length=1, max_length=2000)]


@command("/api/v1/tasks/{task_id:uuid}/status", needs="tasks:work", answers=TaskView, tags=["tasks"], exists=task_is_there)
async def change_task_status(request: Req, task_id: FromPath[UUID], data: JSONBody[StatusChange]) -> Response[bytes]:
    """Start, submit, complete, fail or cancel a task."""
    wish = ChangeTaskStatus(task_id=task_id, status=data.status, token=data.token, reason=data.reason)
    return await carry_out(request, wish, TaskView, of=Task)


@command("/api/v1/tasks/{task_id:uuid}/heartbeat", needs="tasks:work", answers=TaskView, tags=["tasks"], exists=task_is_there)
async def heartbeat(request: Req, task_id: FromPath[UUID], data: JSONBody[Alive]) -> Response[bytes]:
    """Keep a lease."""
    return await carry_out(request, Heartbeat(task_id=task_id, token=data.token, progress=data.progress), TaskView, of=Task)


@command("/api/v1/tasks/{task_id:uuid}/notes", needs="tasks:work", answers=TaskView, tags=["tasks"], exists=task_is_there)
async def note_progress(request: Req, task_id: FromPath[UUID], data: JSONBody[Note]) -> Response[bytes]:
    """Note something about a task."""
    return await carry_out(request, NoteProgress(task_id=task_id, note=data.note), TaskView, of=Task)
