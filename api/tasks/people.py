"""Who works on a task, who follows it, and in which project it is."""

from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently, if_match
from api.shared.request import Req
from api.shared.routing import command, remove
from api.tasks.views import TaskView, task_is_there
from application.tasks.people import AddAssignee, AddWatcher, MoveTask, RemoveAssignee, RemoveWatcher
from domain.tasks.task import Task


class Person(Body, frozen=True, kw_only=True):
    """Whom it is about."""

    user_id: UUID


class Move(Body, frozen=True, kw_only=True):
    """Where to; null: out of every project, so that it is its owner's own."""

    project_id: Annotated[UUID | None, Meta(examples=[None])]


@command("/api/v1/tasks/{task_id:uuid}/assignees", needs="tasks:edit", answers=TaskView, tags=["people"], exists=task_is_there)
async def add_assignee(request: Req, task_id: FromPath[UUID], data: JSONBody[Person]) -> Response[bytes]:
    """Let somebody work on a task of people."""
    return await carry_out(request, AddAssignee(task_id=task_id, user_id=data.user_id), TaskView, of=Task)


@remove("/api/v1/tasks/{task_id:uuid}/assignees/{user_id:uuid}", needs="tasks:edit", tags=["people"])
async def remove_assignee(request: Req, task_id: FromPath[UUID], user_id: FromPath[UUID]) -> Response[None]:
    """Let somebody, or oneself, not work on it any more."""
    return await carry_out_silently(request, RemoveAssignee(task_id=task_id, user_id=user_id, if_match=if_match(request)))


@command("/api/v1/tasks/{task_id:uuid}/watchers", needs="tasks:watch", answers=TaskView, tags=["people"], exists=task_is_there)
async def add_watcher(request: Req, task_id: FromPath[UUID], data: JSONBody[Person]) -> Response[bytes]:
    """Follow a task that one sees, or let somebody else follow it."""
    return await carry_out(request, AddWatcher(task_id=task_id, user_id=data.user_id), TaskView, of=Task)


@remove("/api/v1/tasks/{task_id:uuid}/watchers/{user_id:uuid}", needs="tasks:watch", tags=["people"])
async def remove_watcher(request: Req, task_id: FromPath[UUID], user_id: FromPath[UUID]) -> Response[None]:
    """Do not follow it any more, or take somebody from those who do."""
    return await carry_out_silently(request, RemoveWatcher(task_id=task_id, user_id=user_id, if_match=if_match(request)))


@command("/api/v1/tasks/{task_id:uuid}/move", needs="tasks:edit", answers=TaskView, tags=["people"], exists=task_is_there)
async def move_task(request: Req, task_id: FromPath[UUID], data: JSONBody[Move]) -> Response[bytes]:
    """Put a task into another project, or into none."""
    return await carry_out(request, MoveTask(task_id=task_id, project_id=data.project_id), TaskView, of=Task)
