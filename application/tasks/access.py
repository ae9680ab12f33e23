"""Who may do what with which task: the object-level rules of every task command, in one place (requirements, Appendix 2)."""

from typing import Final, Protocol
from uuid import UUID

from application.shared.context import Caller
from domain.shared.refused import Forbidden, NotFound, PreconditionFailed
from domain.tasks.errors import NotAssignedNode
from domain.tasks.task import Task

CREATORS: Final = frozenset({"admin", "manager", "user", "service"})
ASSIGNERS: Final = frozenset({"admin", "manager"})


def must_be(caller: Caller, roles: frozenset[str]) -> None:
    """Raises `Forbidden` unless the caller has one of the roles."""
    if caller.role not in roles:
        raise Forbidden


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
    """Raises `NotFound`. Owner, assigned node, administrators and Daybook itself see a task; nobody sees a deleted one."""
    if task.deleted or not (_is_everywhere(caller) or caller.id in {task.owner_id, task.assigned_node_id} - {None}):
        raise NotFound


def must_manage(task: Task, caller: Caller, *, deleted: bool = False) -> None:
    """Raises `NotFound`, and `Forbidden` for the assigned node: only owner and administrators edit, delete, reopen."""
    must_see(task.but(deleted=False) if deleted else task, caller)
    if not _is_everywhere(caller) and caller.id != task.owner_id:
        if task.deleted:
            raise NotFound
        raise Forbidden


def must_work_on(task: Task, caller: Caller) -> None:
    """Raises `NotFound`, and `NotAssignedNode` even for administrators: only the worker says how its work goes."""
    must_see(task, caller)
    if task.assigned_node_id is not None and caller.id != task.assigned_node_id:
        raise NotAssignedNode


def must_be_version(task: Task, if_match: int | None) -> None:
    """Raises `PreconditionFailed` if the client had another version before it."""
    if if_match is not None and if_match != task.version:
        raise PreconditionFailed(f"The version is {task.version}, not {if_match}.", version=task.version)


def _is_everywhere(caller: Caller) -> bool:
    return caller.is_admin or caller.role == "system"
