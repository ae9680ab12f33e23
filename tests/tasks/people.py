"""Who acts in the tests of tasks, and tasks with a past."""

from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from application.shared.context import Caller
from domain.identity.events import RoleGranted, Sealed, UserRegistered
from domain.identity.role import Role
from domain.projects.events import ProjectCreated, ProjectFields, ProjectMemberAdded, ProjectStatusChanged, TeamCreated
from domain.projects.role import MemberRole
from domain.projects.status import ProjectStatus
from domain.shared.event import Event
from domain.tasks.events import TaskAssigned, TaskClaimed, TaskCompleted, TaskCreated, TaskFailed, TaskStarted
from domain.tasks.task import Task
from tests.scenario import NOON, World


class Happens(Protocol):
    """Where events of other contexts can be written: a world in memory, or a process on a real log."""

    async def happened(self, stream_id: UUID, *events: Event) -> None:
        """Write them as they are."""


W = TypeVar("W", bound=Happens)
ADMIN = Caller(UUID(int=0xAD), "admin")
ANN = Caller(UUID(int=0xA1), "user")
BOB = Caller(UUID(int=0xB0), "user")
CAT = Caller(UUID(int=0xCA), "user")
DAN = Caller(UUID(int=0xDA), "user")
NODE = Caller(UUID(int=0x01), "node")
OTHER_NODE = Caller(UUID(int=0x02), "node")
NODE_ID, OTHER_ID = UUID(int=0x01), UUID(int=0x02)
TEN_PAST = NOON + timedelta(minutes=10)

made = Task(id=UUID(int=0x7A5C)).after(TaskCreated(at=NOON, owner_id=ADMIN.id, title="Sweep the yard"))
own = Task(id=UUID(int=0x7A5D)).after(TaskCreated(at=NOON, owner_id=ANN.id, title="Water the plants"))
assigned = made.after(TaskAssigned(at=NOON, node_id=NODE_ID, token=2))
leased = made.after(TaskAssigned(at=NOON, node_id=NODE_ID, token=2, lock_expires_at=TEN_PAST))
started = leased.after(TaskStarted(at=NOON))
claimed = assigned.after(TaskClaimed(at=NOON, node_id=NODE_ID, token=3, lock_expires_at=TEN_PAST))
completed = started.after(TaskCompleted(at=NOON))
failed = started.after(TaskFailed(at=NOON, reason="reported", attempt=1, error="no broom"))
expired = started.after(TaskFailed(at=TEN_PAST, reason="lock_expired", attempt=1))


GARDEN, CELLAR, TEAM = UUID(int=0x6A), UUID(int=0xCE), UUID(int=0x7E)
"""Two projects, of which the garden is a team's, and that team."""
SEATS = {"manager": BOB, "member": CAT, "viewer": DAN}


async def with_projects(world: W) -> W:
    """Ann's garden with a manager, a member and a viewer; Bob's cellar, where Ann is a member; and a team that has nobody else."""
    assert ANN.id is not None
    assert BOB.id is not None
    garden = [ProjectCreated(at=NOON, project_id=GARDEN, owner_id=ANN.id, fields=ProjectFields(name="Garden"), team_id=TEAM)]
    garden += [ProjectMemberAdded(at=NOON, project_id=GARDEN, user_id=who.id, role=MemberRole(role)) for role, who in SEATS.items()]
    await world.happened(GARDEN, *garden)
    cellar = ProjectCreated(at=NOON, project_id=CELLAR, owner_id=BOB.id, fields=ProjectFields(name="Cellar"))
    await world.happened(CELLAR, cellar, ProjectMemberAdded(at=NOON, project_id=CELLAR, user_id=ANN.id, role=MemberRole.MEMBER))
    await world.happened(TEAM, TeamCreated(at=NOON, team_id=TEAM, owner_id=UUID(int=0x7EA), name="Gardeners"))
    return world


async def archived(world: World, project_id: UUID) -> None:
    """Nothing in this project changes any more."""
    before, after = ProjectStatus.PLANNING, ProjectStatus.ARCHIVED
    await world.happened(project_id, ProjectStatusChanged(at=NOON, project_id=project_id, from_status=before, to_status=after))


def minutes(number: float) -> datetime:
    """So many minutes past noon."""
    return NOON + timedelta(minutes=number)


async def world_with_nodes(**options: bool) -> World:
    """A world in which two worker nodes and the users have accounts."""
    world = World(**options)
    for caller in (ADMIN, ANN, BOB, CAT, DAN, NODE, OTHER_NODE):
        await account(world, caller)
    return world


async def account(world: Happens, caller: Caller) -> None:
    """Let somebody have an account."""
    assert caller.id is not None
    registered = UserRegistered(user_id=caller.id, email=Sealed("sealed"), name=Sealed("sealed"))
    await world.happened(caller.id, registered, RoleGranted(user_id=caller.id, role=Role(caller.role)))
