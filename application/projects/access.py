"""Who may do what with which project or team: the object-level rules of every command about them, in one place.

Members see a project or a team, and members of a team see its projects. Managers run it: they edit it and manage everybody below the
owner. The owner disposes of it: delete, restore, give away. Administrators do everything everywhere.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from uuid import UUID

from application.shared.context import Caller
from application.shared.permissions import Reach, must, reach
from application.shared.ports import Ports
from application.shared.preconditions import must_be_version
from domain.projects.account import Account
from domain.projects.circle import Circle
from domain.projects.kind import Kind
from domain.projects.membership import Membership, seat
from domain.projects.project import Project
from domain.projects.role import MemberRole
from domain.projects.team import Team
from domain.shared.event import Event
from domain.shared.fields import invalid
from domain.shared.refused import Forbidden, Hidden, NotFound

SHAPES: Final[Mapping[Kind, type[Circle]]] = {Kind.PROJECT: Project, Kind.TEAM: Team}
C = TypeVar("C", bound=Circle)


def must_see(circle: Membership, role: MemberRole | None, caller: Caller, kind: Kind) -> None:
    """Raises `NotFound` for who has no seat in it; nobody sees a deleted one."""
    if not circle.exists or circle.kind is not kind:
        raise NotFound
    if role is None and reach(caller, f"{kind}s:read") is not Reach.ALL:
        raise Hidden


def must_reach(circle: Circle, role: MemberRole | None, caller: Caller, least: MemberRole) -> None:
    """Raises `InsufficientRole`, `InsufficientScope`, `NotFound`, and `Forbidden` for members whose role does not reach so far."""
    kind = circle.words.kind
    reached = must(caller, f"{kind}s:manage")
    must_see(circle, role, caller, kind)
    if reached is not Reach.ALL and (role is None or not role.reaches(least)):
        raise Forbidden(f"This needs the role {least} in this {kind}.", needs=least)


def must_dispose(circle: Circle, caller: Caller) -> None:
    """The same for the owner, also of what is deleted, which exists for nobody else."""
    reached = must(caller, f"{circle.words.kind}s:manage")
    if not circle.was_made:
        raise NotFound
    if reached is not Reach.ALL and circle.owner_id != caller.id:
        raise Hidden


async def role_in(circle: Circle, ports: Ports) -> MemberRole | None:
    """The caller's role at this moment, in a project also by its team."""
    team = None if circle.team_id is None else await ports.log.load(Membership, circle.team_id)
    return seat(circle, team, ports.caller.id)


async def run(ports: Ports, shape: type[C], circle_id: UUID, decide: Callable[[C], list[Event]], least: MemberRole, if_match: int | None = None) -> C:
    """Decide on a circle that the caller may change to this extent, and stage the events; the state after them.

    Raises as `must_reach`, and `PreconditionFailed` if the client had another version before it.
    """
    circle = await ports.log.load(shape, circle_id)
    must_reach(circle, await role_in(circle, ports), ports.caller, least)
    must_be_version(circle.version, if_match)
    return ports.log.stage(circle, *decide(circle))


async def must_be_there(ports: Ports, user_id: UUID) -> None:
    """Raises `Invalid` for who has no account, or none that can be used."""
    if not (await ports.log.load(Account, user_id)).is_there:
        raise invalid("/user_id", "unknown_user", "There is no such user.")
