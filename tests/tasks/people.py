"""Who acts in the tests of tasks, and tasks with a past."""

from datetime import datetime, timedelta
from uuid import UUID

from application.shared.context import Caller
from domain.identity.events import RoleGranted, Sealed, UserRegistered
from domain.identity.role import Role
from domain.tasks.events import TaskAssigned, TaskClaimed, TaskCompleted, TaskCreated, TaskFailed, TaskStarted
from domain.tasks.task import Task
from tests.scenario import NOON, World

ADMIN = Caller(UUID(int=0xAD), "admin")
ANN = Caller(UUID(int=0xA1), "user")
BOB = Caller(UUID(int=0xB0), "user")
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


def minutes(number: float) -> datetime:
    """So many minutes past noon."""
    return NOON + timedelta(minutes=number)


async def world_with_nodes(**options: bool) -> World:
    """A world in which two worker nodes and the users have accounts."""
    world = World(**options)
    for caller in (ADMIN, ANN, BOB, NODE, OTHER_NODE):
        assert caller.id is not None
        registered = UserRegistered(user_id=caller.id, email=Sealed("sealed"), name=Sealed("sealed"))
        await world.happened(caller.id, registered, RoleGranted(user_id=caller.id, role=Role(caller.role)))
    return world
