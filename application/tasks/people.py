"""Who works on a task, who follows it, and in which project it is."""

from collections.abc import Collection, Sequence
from typing import Self
from uuid import UUID

import msgspec

from application.shared.command import Command, handles
from application.shared.permissions import must
from application.shared.ports import Ports
from application.shared.preconditions import must_be_version
from application.tasks.access import Access, change_task, must_be_member
from domain.projects.role import MemberRole
from domain.shared.event import Event
from domain.shared.fields import error, refuse
from domain.shared.refused import NotFound
from domain.tasks.account import Account
from domain.tasks.task import Task


class AddAssignee(Command, frozen=True):
    """Somebody is to work on a task of people."""

    task_id: UUID
    user_id: UUID


class RemoveAssignee(Command, frozen=True):
    """Somebody is not to work on it any more; assignees may say so of themselves."""

    task_id: UUID
    user_id: UUID
    if_match: int | None = None


class AddWatcher(Command, frozen=True):
    """Somebody follows a task; oneself, where one sees it."""

    task_id: UUID
    user_id: UUID


class RemoveWatcher(Command, frozen=True):
    """Somebody does not follow it any more."""

    task_id: UUID
    user_id: UUID
    if_match: int | None = None


class MoveTask(Command, frozen=True):
    """Put a task into another project, or into none."""

    task_id: UUID
    project_id: UUID | None


class People(msgspec.Struct, frozen=True):
    """Those whom a request names, each once, and their accounts as they are now."""

    ids: tuple[UUID, ...]
    accounts: Sequence[Account]

    @classmethod
    async def load(cls, ports: Ports, user_ids: Sequence[UUID]) -> Self:
        """Nothing is read where nobody is named."""
        ids = tuple(dict.fromkeys(user_ids))
        return cls(ids, await ports.log.load_many(Account, ids) if ids else ())

    def must_be_there(self, pointer: str, *, known: Collection[UUID] = ()) -> None:
        """Raises `Invalid` (`unknown_user`) naming each that is no active person; who was named before (`known`) may stay."""
        strangers = [nth for nth, one in enumerate(self.accounts) if not one.is_person and one.id not in known]
        place = f"{pointer}/{{}}" if pointer.endswith("_ids") else pointer
        message = "There is no active person of this id."
        refuse([one for nth in strangers for one in error(place.format(nth), "unknown_user", message)])


@handles(AddAssignee)
async def add_assignee(command: AddAssignee, ports: Ports) -> Task:
    """Raises `NotFound`, `Forbidden`, `ProjectArchived`, `Invalid` (`unknown_user`), `TaskOfNode`, `TooManyPeople`."""
    people = await People.load(ports, [command.user_id])

    def decide(task: Task, access: Access) -> list[Event]:
        access.must_manage(task)
        people.must_be_there("/user_id", known=task.assignee_ids)
        return task.add_assignee(command.user_id, ports.now)

    return await change_task(ports, command.task_id, decide)


@handles(RemoveAssignee)
async def remove_assignee(command: RemoveAssignee, ports: Ports) -> Task:
    """Raises `NotFound`, `Forbidden`, `ProjectArchived`, `PreconditionFailed`."""

    def decide(task: Task, access: Access) -> list[Event]:
        if command.user_id == ports.caller.id:
            must(ports.caller, "tasks:edit")
            access.must_see(task)
            access.must_be_open()
        else:
            access.must_manage(task)
        must_be_version(task.version, command.if_match)
        return task.remove_assignee(command.user_id, ports.now)

    return await change_task(ports, command.task_id, decide)


@handles(AddWatcher)
async def add_watcher(command: AddWatcher, ports: Ports) -> Task:
    """Raises `NotFound`, `Forbidden`, `ProjectArchived`, `Invalid` (`unknown_user`), `TooManyPeople`."""
    people = await People.load(ports, [command.user_id])

    def decide(task: Task, access: Access) -> list[Event]:
        _may_say_who_watches(command.user_id, task, access, ports)
        people.must_be_there("/user_id", known=task.watcher_ids)
        return task.add_watcher(command.user_id, ports.now)

    return await change_task(ports, command.task_id, decide)


@handles(RemoveWatcher)
async def remove_watcher(command: RemoveWatcher, ports: Ports) -> Task:
    """Raises `NotFound`, `Forbidden`, `ProjectArchived`, `PreconditionFailed`."""

    def decide(task: Task, access: Access) -> list[Event]:
        _may_say_who_watches(command.user_id, task, access, ports)
        must_be_version(task.version, command.if_match)
        return task.remove_watcher(command.user_id, ports.now)

    return await change_task(ports, command.task_id, decide)


def _may_say_who_watches(user_id: UUID, task: Task, access: Access, ports: Ports) -> None:
    must(ports.caller, "tasks:watch")
    access.must_see(task)
    access.must_be_open()
    if user_id != ports.caller.id:
        access.must_manage(task, "tasks:watch")


@handles(MoveTask)
async def move_task(command: MoveTask, ports: Ports) -> Task:
    """One event, by somebody with a say in both projects. Raises `NotFound` (also of the project), `Forbidden`, `ProjectArchived`."""
    task = await ports.log.load(Task, command.task_id)
    if not task.exists:
        raise NotFound
    (await Access.to(task, ports)).must_manage(task)
    if command.project_id is not None and command.project_id != task.project_id:
        await must_be_member(ports, command.project_id, MemberRole.MEMBER)
    return ports.log.stage(task, *task.move(command.project_id, ports.now))
