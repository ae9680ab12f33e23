"""Who may do what with which task: the object-level rules of every task command, in one place (requirements, Appendix 2)."""

from typing import Protocol
from uuid import UUID

from application.shared.context import Caller
from application.shared.permissions import Reach, must, reach
from domain.shared.refused import Forbidden, Hidden, NotFound, PreconditionFailed
from domain.tasks.errors import NotAssignedNode
from domain.tasks.task import Task


class Seen(Protocol):
    """What decides who sees a task: the aggregate has it, and so has every row about it."""

    @property
    def owner_id(self) -> UUID | None:
        """Whose it is."""

    @property
    def assigned_node_id(self) -> UUID | None:
        """Who works on it."""

    @property
    def deleted(self) -> bool:
        """Hidden from everybody."""


def must_see(task: Seen, caller: Caller) -> None:
    """Raises `NotFound`. Owner, assigned node and whoever may read all tasks see a task; nobody sees a deleted one."""
    if task.deleted:
        raise NotFound
    if caller.id not in {task.owner_id, task.assigned_node_id} - {None} and reach(caller, "tasks:read") is not Reach.ALL:
        raise Hidden


def must_manage(task: Task, caller: Caller, permission: str = "tasks:edit", *, deleted: bool = False) -> None:
    """Raises `InsufficientRole`, `InsufficientScope`, `NotFound`, and `Forbidden` for who only works on it: owners manage their tasks."""
    reached = must(caller, permission)
    must_see(task.but(deleted=False) if deleted else task, caller)
    if reached is not Reach.ALL and caller.id != task.owner_id:
        if task.deleted:
            raise Hidden
        raise Forbidden


def must_work_on(task: Task, caller: Caller) -> None:
    """Raises `InsufficientRole`, `InsufficientScope`, `NotFound`, and `NotAssignedNode` even for administrators: only the worker says."""
    must(caller, "tasks:work")
    must_see(task, caller)
    if task.assigned_node_id is not None and caller.id != task.assigned_node_id:
        raise NotAssignedNode


def must_be_version(task: Task, if_match: int | None) -> None:
    """Raises `PreconditionFailed` if the client had another version before it."""
    if if_match is not None and if_match != task.version:
        raise PreconditionFailed(f"The version is {task.version}, not {if_match}.", version=task.version)
