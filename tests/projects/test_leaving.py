"""A person who was erased leaves all projects and teams; what they owned has another owner, or nobody."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from application.identity.erasure import EraseUser
from application.projects.leaving import LeaveEverything
from application.projects.member import AddMember
from application.projects.project import ChangeProjectStatus, CreateProject
from application.projects.team import CreateTeam
from application.shared.context import Caller
from domain.projects.events import InvitationRevoked, ProjectDeleted, ProjectFields
from domain.projects.kind import Kind
from domain.projects.project import Project
from domain.projects.role import MemberRole
from domain.projects.status import ProjectStatus
from domain.projects.team import Roster, Team, roster_stream
from domain.shared.conflicts import NameTaken
from domain.shared.refused import InsufficientRole
from projections.projects.invitations import INVITATIONS
from projections.projects.memberships import MEMBERSHIPS
from tests.projects.mailing import Mailing
from tests.scenario import folded

GARDEN = ProjectFields(name="Garden")


@pytest.fixture
async def world() -> AsyncIterator[Mailing]:
    made = await Mailing().begin()
    yield made
    made.passwords.stop()


async def erased(world: Mailing, who: Caller) -> None:
    """They erase themselves, and what follows from it, with what the read models know by then."""
    since = len(world.log.recorded)
    await world.ask(EraseUser(user_id=who.id), who)
    world.remains.circles = {who.id: [circle for circle, user in folded(MEMBERSHIPS, world.log.recorded) if user == who.id]}
    invited = folded(INVITATIONS, world.log.recorded).values()
    world.remains.invitations = {who.id: [row.id for row in invited if row.invited_id == who.id and row.status == "pending"]}
    for _ in range(2):  # Told twice, nothing new happens.
        await world.reacts("projects.leaving", since)


async def joins(world, circle, who, role=MemberRole.MEMBER, by=None):
    await world.ask(AddMember(kind=circle.words.kind, circle_id=circle.id, user_id=who.id, role=role), by or world.ann)


async def the(world, circle):
    return (await world.log.load(type(circle), circle.id))[0]


async def test_what_they_owned_goes_to_the_member_who_reaches_furthest(world):
    bob, cat = await world.comes("bob@example.org"), await world.comes("cat@example.org")
    team: Team = await world.ask(CreateTeam(name="Gardeners"), world.ann)
    for circle in (world.project, team):
        await joins(world, circle, bob)
        await joins(world, circle, cat, MemberRole.MANAGER)
    await erased(world, world.ann)
    for circle in (world.project, team):
        now = await the(world, circle)
        assert (now.owner_id, now.members) == (cat.id, {bob.id: MemberRole.MEMBER, cat.id: MemberRole.OWNER})
    assert [owner for (kind, _), owner in world.log.names.items() if kind == "project.name"] == [world.project.id]  # The name went with it.


async def test_what_nobody_else_belongs_to_is_deleted_and_its_name_is_free(world):
    team: Team = await world.ask(CreateTeam(name="Gardeners"), world.ann)
    of_team: Project = await world.ask(CreateProject(fields=GARDEN, team_id=team.id), world.ann)
    await erased(world, world.ann)
    for circle in (world.project, team, of_team):
        assert (await the(world, circle)).deleted
    assert (await world.log.load(Roster, roster_stream(team.id)))[0].project_ids == frozenset()
    assert len(world.log.names) == 0


async def test_one_decision_is_about_a_part_of_what_they_belonged_to(world):
    more = [await world.ask(CreateProject(fields=ProjectFields(name=f"Garden {nth}")), world.ann) for nth in range(40)]
    append, deleted = world.log.append, list[list[UUID]]()

    async def noted(entry):
        deleted.append([staged.stream_id for staged in entry.events if isinstance(staged.event, ProjectDeleted)])
        return await append(entry)

    world.log.append = noted
    await erased(world, world.ann)
    assert sorted(one for some in deleted for one in some) == sorted([world.project.id, *(project.id for project in more)])
    assert max(map(len, deleted)) < 20


async def test_they_leave_what_others_own_archived_or_not(world):
    bob = await world.comes("bob@example.org")
    await joins(world, world.project, bob)
    await world.ask(ChangeProjectStatus(project_id=world.project.id, status=ProjectStatus.ARCHIVED), world.ann)
    await erased(world, bob)
    assert (await world.now()).members == {world.ann.id: MemberRole.OWNER}


async def test_the_heir_has_one_of_that_name_already_so_it_gets_a_number(world):
    bob = await world.comes("bob@example.org")
    await world.ask(CreateProject(fields=ProjectFields(name="garden")), bob)
    await joins(world, world.project, bob)
    await erased(world, world.ann)
    assert ((await world.now()).owner_id, (await world.now()).name) == (bob.id, "Garden (2)")
    with pytest.raises(NameTaken):
        await world.ask(CreateProject(fields=ProjectFields(name="GARDEN (2)")), bob)


async def test_an_heir_can_use_their_account(world):
    bob, cat = await world.comes("bob@example.org"), await world.comes("cat@example.org")
    await joins(world, world.project, bob, MemberRole.MANAGER)
    await joins(world, world.project, cat, MemberRole.VIEWER)
    await world.ask(EraseUser(user_id=bob.id), bob)
    await erased(world, world.ann)
    assert (await world.now()).owner_id == cat.id


async def test_invitations_to_the_address_they_had_are_over(world):
    bob = await world.comes("bob@example.org")
    invitation = await world.invite()
    await erased(world, bob)
    assert not world.has_key(invitation.id)
    assert len(world.said(InvitationRevoked)) == 1


async def test_nobody_but_daybook_itself_sends_people_away_and_only_the_erased(world):
    wish = LeaveEverything(user_id=world.ann.id, seen=0)
    with pytest.raises(InsufficientRole):
        await world.ask(wish, Caller(world.ann.id, "admin"))
    world.remains.circles = {world.ann.id: [world.project.id]}
    await world.reacts("projects.leaving")
    assert (await world.now()).owner_id == world.ann.id
    assert world.project.words.kind is Kind.PROJECT
