"""Who acts in the tests of projects, and a world in which they have accounts."""

from typing import Any
from uuid import UUID

from application.projects.member import AddMember
from application.projects.project import CreateProject
from application.projects.team import CreateTeam
from application.shared.context import Caller
from domain.identity.events import RoleGranted, Sealed, UserRegistered
from domain.identity.role import Role
from domain.projects.events import ProjectFields
from domain.projects.kind import Kind
from domain.projects.project import Project
from domain.projects.role import MemberRole
from domain.projects.status import ProjectStatus
from domain.projects.team import Team
from tests.scenario import NOON, World

ADMIN = Caller(UUID(int=0xAD), "admin")
AUDITOR = Caller(UUID(int=0xAF), "auditor")
ANN = Caller(UUID(int=0xA1), "user")
BOB = Caller(UUID(int=0xB0), "user")
CAT = Caller(UUID(int=0xCA), "user")
DAN = Caller(UUID(int=0xDA), "user")
EVERYBODY = (ADMIN, AUDITOR, ANN, BOB, CAT, DAN)
NOBODY = UUID(int=0xFFFF)
PROJECT, TEAM = Kind.PROJECT, Kind.TEAM
OWNER, MANAGER, MEMBER, VIEWER = MemberRole
GARDEN = ProjectFields(name="Garden")

planned = Project(id=UUID(int=0x9A))
planned = planned.after(*planned.create(UUID(int=0xA1), None, GARDEN, ProjectStatus.PLANNING, NOON))


async def world(**options: bool) -> World:
    """Everybody has an account."""
    made = World(**options)
    for caller in EVERYBODY:
        assert caller.id is not None
        registered = UserRegistered(user_id=caller.id, email=Sealed("sealed"), name=Sealed("sealed"))
        await made.happened(caller.id, registered, RoleGranted(user_id=caller.id, role=Role(caller.role)))
    return made


async def project(world: World, owner: Caller = ANN, **fields: Any) -> Project:
    """A new one of this owner."""
    team_id, status = fields.pop("team_id", None), fields.pop("status", ProjectStatus.PLANNING)
    made: Project = await world.do(CreateProject(fields=ProjectFields(**{"name": "Garden", **fields}), team_id=team_id, status=status), owner)
    return made


async def team(world: World, owner: Caller = ANN, name: str = "Gardeners") -> Team:
    """A new one of this owner."""
    made: Team = await world.do(CreateTeam(name=name), owner)
    return made


async def joins(world: World, circle: Project | Team, who: Caller, role: MemberRole) -> None:
    """The owner makes somebody a member."""
    owner = next(one for one in EVERYBODY if one.id == circle.owner_id)
    assert who.id is not None
    await world.do(AddMember(kind=circle.words.kind, circle_id=circle.id, user_id=who.id, role=role), owner)
