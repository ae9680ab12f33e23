"""One task: create, read, edit, delete, restore."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.shared.bodies import Body
from api.shared.commanding import carry_out, carry_out_silently, if_match
from api.shared.parts import parts
from api.shared.past import AsOf, row_as_of
from api.shared.querying import one
from api.shared.request import Req
from api.shared.routing import change, command, query, remove, replace
from api.shared.task_sight import must_see_task
from api.tasks.views import TaskView, task_is_there, task_view
from application.tasks.task import CreateTask, DeleteTask, EditTask, RestoreTask
from domain.shared.refused import NotFound
from domain.tasks import limits
from domain.tasks.events import Fields
from domain.tasks.people import ASSIGNEES, WATCHERS
from domain.tasks.status import Priority, Status
from domain.tasks.task import Task
from projections.shared.reading import Freshness
from projections.tasks.task_board import TASK_BOARD

Title = Annotated[str, Meta(min_length=1, examples=["Replace the fan of rack 12"])]
MEASURED: dict[str, Any] = {"allOf": [{"properties": {"title": {"maxLength": limits.TITLE}}}]}
"""How long a title may be: without the spaces around it, which is why the decoder does not measure it."""
Description = Annotated[str, Meta(max_length=limits.DESCRIPTION)]
Assignees = Annotated[list[UUID], Meta(max_length=ASSIGNEES)]
Watchers = Annotated[list[UUID], Meta(max_length=WATCHERS)]
Tags = Annotated[list[Annotated[str, Meta(min_length=1, max_length=50)]], Meta(max_length=20)]


class NewTask(Body, frozen=True, kw_only=True):
    """A task to create. With `assigned_node_id` it is given to a node at once (administrators), as a lease with `lock_expires_at`; else it
    is one of people, with `assignee_ids`, and with a `status` where it has begun already.
    """

    further_rules: ClassVar[dict[str, Any]] = MEASURED

    title: Title
    description: Description | None = None
    payload: Any = None
    priority: Priority = Priority.MEDIUM
    external_id: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    assigned_node_id: UUID | None = None
    lock_expires_at: datetime | None = None
    due_date: datetime | None = None
    max_attempts: Annotated[int, Meta(ge=1, le=100)] = 1
    retry_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 60
    owner_id: UUID | None = None
    project_id: UUID | None = None
    tags: Tags = msgspec.field(default_factory=list)
    status: Status = Status.PENDING
    assignee_ids: Assignees = msgspec.field(default_factory=list)
    watcher_ids: Watchers = msgspec.field(default_factory=list)


class TaskChanges(Body, frozen=True, kw_only=True):
    """A JSON merge patch (RFC 7396): what is left out stays, null clears. `assignee_ids` is the whole new set."""

    further_rules: ClassVar[dict[str, Any]] = MEASURED

    title: Title | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    payload: Any | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    due_date: datetime | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    assignee_ids: Assignees | UnsetType = UNSET


@command("/api/v1/tasks", needs="tasks:create", status=201, answers=TaskView, tags=["tasks"])
async def create_task(request: Req, data: JSONBody[NewTask]) -> Response[bytes]:
    """Create a task."""
    wish = CreateTask(**{name: getattr(data, name) for name in data.__struct_fields__})
    return await carry_out(request, wish, TaskView, of=Task, status=201, location="/api/v1/tasks/")


@query("/api/v1/tasks/{task_id:uuid}", needs="tasks:read", answers=TaskView, tags=["tasks"])
async def get_task(request: Req, task_id: FromPath[UUID], fresh: NamedDependency[Freshness], as_of: AsOf = None) -> Response[bytes]:
    """Read a task, as new as its newest event, or as it was."""
    seen = await parts(request).tables.one(TASK_BOARD, task_id, fresh)
    if seen.row is None:
        raise NotFound
    await must_see_task(request, seen.row)
    if as_of is not None:
        seen = await row_as_of(request, TASK_BOARD, task_id, as_of, seen.row.version)
    if seen.row is None or seen.row.deleted:
        raise NotFound
    return one(request, task_view(seen.row), version=seen.row.version, position=seen.position, stale=seen.stale)


@change("/api/v1/tasks/{task_id:uuid}", needs="tasks:edit", answers=TaskView, tags=["tasks"], exists=task_is_there)
async def edit_task(request: Req, task_id: FromPath[UUID], data: JSONBody[TaskChanges]) -> Response[bytes]:
    """Change some fields of a task."""
    return await _edit(request, task_id, data)


@replace("/api/v1/tasks/{task_id:uuid}", needs="tasks:edit", answers=TaskView, tags=["tasks"], exists=task_is_there)
async def put_task(request: Req, task_id: FromPath[UUID], data: JSONBody[TaskChanges]) -> Response[bytes]:
    """Change some fields of a task (PUT means the same as PATCH)."""
    return await _edit(request, task_id, data)


async def _edit(request: Req, task_id: UUID, data: TaskChanges) -> Response[bytes]:
    changes = Fields(**{name: getattr(data, name) for name in Fields.__struct_fields__})
    people = UNSET if data.assignee_ids is UNSET else tuple(data.assignee_ids)
    wish = EditTask(task_id=task_id, changes=changes, status=data.status, assignee_ids=people, if_match=if_match(request))
    return await carry_out(request, wish, TaskView, of=Task)


@remove("/api/v1/tasks/{task_id:uuid}", needs="tasks:edit", tags=["tasks"])
async def delete_task(request: Req, task_id: FromPath[UUID]) -> Response[None]:
    """Hide a task; its history stays."""
    return await carry_out_silently(request, DeleteTask(task_id=task_id, if_match=if_match(request)))


@remove("/api/v1/admin/tasks/{task_id:uuid}", needs="tasks:delete-any", tags=["tasks"])
async def delete_any_task(request: Req, task_id: FromPath[UUID]) -> Response[None]:
    """Hide anybody's task; the audit trail says whose it was."""
    return await carry_out_silently(request, DeleteTask(task_id=task_id, if_match=if_match(request)))


@command("/api/v1/tasks/{task_id:uuid}/restore", needs="tasks:restore", answers=TaskView, tags=["tasks"])
async def restore_task(request: Req, task_id: FromPath[UUID]) -> Response[bytes]:
    """Bring a deleted task back."""
    return await carry_out(request, RestoreTask(task_id=task_id), TaskView, of=Task)
