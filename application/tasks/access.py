"""Who may do what with which task: the object-level rules of every task command, in one place (requirements, Appendix 2).

Owner, node, assignees, watchers and the members of its project (or of the project's team) see a task. Owner, assignees and members
that are more than viewers work on it and edit it; owner and who runs the project dispose of it: delete, restore, move, give to people.
A node's task is worked on by its node alone.
"""

from collections.abc import Callable
from uuid import UUID

from application.shared.context import Caller
from application.shared.permissions import Reach, must, reach
from application.shared.ports import Ports
from application.shared.seats import seated
from application.shared.task_sight import BY_ROLE, Say, must_see, say
from domain.projects.kind import Kind
from domain.projects.membership import Membership
from domain.projects.role import MemberRole
from domain.shared.conflicts import ProjectArchived
from domain.shared.event import Event
from domain.shared.refused import Forbidden, Hidden, NotFound
from domain.tasks.errors import NotAssignedNode
from domain.tasks.task import Task


class Access:
    """One caller before one task; asked inside a decision."""

    def __init__(self, caller: Caller, role: MemberRole | None, project: Membership | None) -> None:
        self._caller = caller
        self._role = role
        self._project = project

    @classmethod
    async def to(cls, task: Task, ports: Ports) -> "Access":
        """What the caller may do with a task, from the newest state of its project and team."""

        async def load(membership_id: UUID) -> Membership:
            return await ports.log.load(Membership, membership_id)

        project, role = (None, None) if task.project_id is None else await seated(task.project_id, ports.caller.id, load)
        return cls(ports.caller, role, project)

    @property
    def runs_project(self) -> bool:
        """Whether the caller is the project's owner or one of its managers."""
        return self._role is not None and BY_ROLE[self._role] is Say.DISPOSES

    def must_see(self, task: Task) -> None:
        """Raises `NotFound`; nobody sees a deleted task."""
        must_see(task, self._caller, self._role)

    def must_work_on(self, task: Task) -> None:
        """Raises `InsufficientRole`, `InsufficientScope`, `NotFound`, `ProjectArchived`, `Forbidden`; `NotAssignedNode` even for administrators."""
        reached = must(self._caller, "tasks:work")
        self.must_see(task)
        if task.assigned_node_id is not None and self._caller.id != task.assigned_node_id:
            raise NotAssignedNode
        if reached is not Reach.ALL and say(task, self._caller, self._role) < Say.WORKS:
            raise Forbidden
        self.must_be_open()

    def must_edit(self, task: Task) -> None:
        """Raises as `must_manage`: whoever works on it may change what it says, except a node."""
        self.must_manage(task, least=Say.WORKS)

    def must_manage(self, task: Task, permission: str = "tasks:edit", *, deleted: bool = False, least: Say = Say.DISPOSES) -> None:
        """Raises `InsufficientRole`, `InsufficientScope`, `NotFound`, `ProjectArchived`, and `Forbidden` for who only sees it or works on it."""
        reached = must(self._caller, permission)
        self.must_see(task.but(deleted=False) if deleted else task)
        is_its_node = task.assigned_node_id is not None and self._caller.id == task.assigned_node_id != task.owner_id
        if reached is not Reach.ALL and (is_its_node or say(task, self._caller, self._role) < least):
            if task.deleted:
                raise Hidden
            raise Forbidden
        self.must_be_open()

    def must_be_open(self) -> None:
        """Raises `ProjectArchived`."""
        if self._project is not None and self._project.archived:
            raise ProjectArchived


Decide = Callable[[Task, Access], list[Event]]


async def change_task(ports: Ports, task_id: UUID, decide: Decide) -> Task:
    """Decide on a task that exists (`NotFound` otherwise), knowing what the caller may do with it, and stage the events."""
    task = await ports.log.load(Task, task_id)
    if not task.exists:
        raise NotFound
    return ports.log.stage(task, *decide(task, await Access.to(task, ports)))


async def must_be_member(ports: Ports, project_id: UUID, least: MemberRole) -> Membership:
    """The project, open and with the caller in a role that reaches so far; raises `NotFound`, `Forbidden`, `ProjectArchived`."""

    async def load(membership_id: UUID) -> Membership:
        return await ports.log.load(Membership, membership_id)

    project, role = await seated(project_id, ports.caller.id, load)
    everywhere = reach(ports.caller, "projects:read") is Reach.ALL
    if not project.exists or project.kind is not Kind.PROJECT:
        raise NotFound
    if role is None and not everywhere:
        raise Hidden
    if reach(ports.caller, "projects:manage") is not Reach.ALL and (role is None or not role.reaches(least)):
        raise Forbidden
    if project.archived:
        raise ProjectArchived
    return project
