"""The worker's own words: how far it is, that it is alive, what it noted."""

from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from application.tasks.access import Access, change_task
from domain.shared.event import Event
from domain.tasks.status import Status
from domain.tasks.task import Task


class ChangeTaskStatus(Command, frozen=True):
    """The worker began, finished or failed. Without a `token` the caller's present assignment counts."""

    task_id: UUID
    status: Status
    token: int | None = None
    reason: str | None = None


class Heartbeat(Command, frozen=True):
    """The worker is alive and wants to keep its lease."""

    task_id: UUID
    token: int | None = None
    progress: Any | UnsetType = UNSET


class NoteProgress(Command, frozen=True):
    """Something worth noting about a task, whatever its status."""

    task_id: UUID
    note: str


@handles(ChangeTaskStatus)
async def change_task_status(command: ChangeTaskStatus, ports: Ports) -> Task:
    """Raises `NotFound`, `NotAssignedNode`, `Invalid`, `StaleToken`, `TaskExpired`, `InvalidTransition`."""

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_work_on(task)
        return task.change_status(command.status, command.token, command.reason, ports.now)

    return await change_task(ports, command.task_id, decide)


@handles(Heartbeat)
async def heartbeat(command: Heartbeat, ports: Ports) -> Task:
    """Raises `NotFound`, `NotAssignedNode`, `Invalid`, `StaleToken`, `TaskExpired`, `NotRunning`."""

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_work_on(task)
        return task.heartbeat(command.token, command.progress, ports.now)

    return await change_task(ports, command.task_id, decide)


@handles(NoteProgress)
async def note_progress(command: NoteProgress, ports: Ports) -> Task:
    """Raises `InsufficientRole`, `NotFound`, `ProjectArchived`, `Invalid`; whoever sees a task may say something about it."""
    must(ports.caller, "tasks:work")

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_see(task)
        access.must_be_open()
        return task.note(command.note, ports.now)

    return await change_task(ports, command.task_id, decide)
