"""Who sees which task, and how much they have to say about it: asked wherever something hangs on a task (comments, files, notifications, live).

Owner, node, assignees, watchers and the members of its project (or of the project's team) see a task; nobody sees a deleted one.
A caller that is a node and nobody else sees what is assigned to it and nothing else, whatever it owns or is a member of.
"""

from collections.abc import Collection
from enum import IntEnum
from typing import Final, Protocol, TypeVar
from uuid import UUID

from application.shared.context import Caller
from application.shared.permissions import Reach, reach
from application.shared.seats import Loads, seated
from domain.identity.role import Role, furthest
from domain.projects.membership import Membership
from domain.projects.role import MemberRole
from domain.shared.aggregate import Aggregate
from domain.shared.refused import Hidden, NotFound
from domain.tasks.account import Account

A = TypeVar("A", bound=Aggregate)


class Seen(Protocol):
    """What decides who sees a task: the aggregate has it, and so has every row about it."""

    @property
    def owner_id(self) -> UUID | None:
        """Whose it is."""

    @property
    def assigned_node_id(self) -> UUID | None:
        """The node that works on it."""

    @property
    def assignee_ids(self) -> Collection[UUID]:
        """The people who work on it."""

    @property
    def watcher_ids(self) -> Collection[UUID]:
        """Who follows it."""

    @property
    def project_id(self) -> UUID | None:
        """The project it is in."""

    @property
    def deleted(self) -> bool:
        """Hidden from everybody."""


class Say(IntEnum):
    """How much somebody has to say about one task."""

    NOTHING = 0
    READS = 1
    WORKS = 2
    DISPOSES = 3


BY_ROLE: Final = {MemberRole.OWNER: Say.DISPOSES, MemberRole.MANAGER: Say.DISPOSES, MemberRole.MEMBER: Say.WORKS, MemberRole.VIEWER: Say.READS}


async def seat(task: Seen, user_id: UUID | None, load: Loads) -> MemberRole | None:
    """Somebody's role in the project of a task, by what project and team say."""
    if task.project_id is None or user_id is None:
        return None
    return (await seated(task.project_id, user_id, load))[1]


def is_only_node(caller: Caller) -> bool:
    """Whether the caller is a node and nobody else; by its roles, for scopes do not change whose tasks are whose."""
    return (caller.roles or {caller.role}) == {Role.NODE.value}


def say(task: Seen, caller: Caller, role: MemberRole | None) -> Say:
    """How much the caller has to say about a task, with this role in its project."""
    if is_only_node(caller):
        return Say.WORKS if caller.id == task.assigned_node_id else Say.NOTHING
    by_role = Say.NOTHING if role is None else BY_ROLE[role]
    if caller.id is None:
        return by_role
    if caller.id == task.owner_id:
        return Say.DISPOSES
    if caller.id in task.assignee_ids or caller.id == task.assigned_node_id:
        return max(Say.WORKS, by_role)
    return max(Say.READS, by_role) if caller.id in task.watcher_ids else by_role


def must_see(task: Seen, caller: Caller, role: MemberRole | None = None) -> None:
    """Raises `NotFound` for who has no say in it; nobody sees a deleted task."""
    if task.deleted:
        raise NotFound
    if say(task, caller, role) is Say.NOTHING and reach(caller, "tasks:read") is not Reach.ALL:
        raise Hidden


class LoadsAny(Protocol):
    """Where any stream is read."""

    async def __call__(self, kind: type[A], stream_id: UUID) -> A:
        """Its newest state."""


async def sees(task: Seen, user_id: UUID, load: LoadsAny) -> bool:
    """Whether somebody who does not ask sees a task: an account that is there, with a say in the task or a role that sees all."""
    reader = await load(Account, user_id)
    if not reader.is_active:
        return False

    async def membership(membership_id: UUID) -> Membership:
        return await load(Membership, membership_id)

    try:
        must_see(task, Caller(user_id, str(furthest(reader.roles)), roles=frozenset(map(str, reader.roles))), await seat(task, user_id, membership))
    except NotFound:
        return False
    return True
