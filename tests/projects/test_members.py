"""Members: roles, room for a hundred, and an owner at all times."""

from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from application.projects.member import AddMember, ChangeMemberRole, GiveToMember, RemoveMember
from application.shared.context import Caller
from application.tasks.task import CreateTask
from domain.identity.events import RoleGranted, Sealed, UserDisabled, UserRegistered
from domain.identity.role import Role
from domain.projects.errors import AlreadyMember, OwnerNeeded, TooManyMembers
from domain.projects.events import ProjectMemberAdded, TeamMemberAdded
from domain.projects.membership import Membership, seat
from domain.projects.role import MemberRole
from domain.shared.conflicts import NameTaken
from domain.shared.refused import Forbidden, Hidden, InsufficientScope, NotFound, PreconditionFailed, Refused
from tests.projects import people as p
from tests.scenario import NOON, given, together

KINDS = pytest.mark.parametrize("kind", list(p.Kind))
SOME = [UUID(int=nth) for nth in range(1, 5)]


async def circle(world, kind, owner=p.ANN):
    return await (p.project if kind is p.PROJECT else p.team)(world, owner)


@KINDS
async def test_who_runs_it_manages_everybody_below_the_owner_and_others_nobody(kind):
    world = await p.world()
    it = await circle(world, kind)
    await p.joins(world, it, p.BOB, p.MANAGER)
    await world.do(AddMember(kind=kind, circle_id=it.id, user_id=p.CAT.id, role=p.VIEWER), p.BOB)
    await world.do(ChangeMemberRole(kind=kind, circle_id=it.id, user_id=p.CAT.id, role=p.MEMBER), p.BOB)
    for who in (p.CAT,):
        await world.refuses(Forbidden, AddMember(kind=kind, circle_id=it.id, user_id=p.DAN.id, role=p.VIEWER), who)
        await world.refuses(Forbidden, RemoveMember(kind=kind, circle_id=it.id, user_id=p.BOB.id), who)
    await world.refuses(Hidden, RemoveMember(kind=kind, circle_id=it.id, user_id=p.BOB.id), p.DAN)
    await world.refuses(OwnerNeeded, RemoveMember(kind=kind, circle_id=it.id, user_id=p.ANN.id), p.BOB)
    await world.refuses(OwnerNeeded, ChangeMemberRole(kind=kind, circle_id=it.id, user_id=p.ANN.id, role=p.VIEWER), p.BOB)
    await world.do(RemoveMember(kind=kind, circle_id=it.id, user_id=p.CAT.id), p.BOB)
    await world.refuses(NotFound, RemoveMember(kind=kind, circle_id=it.id, user_id=p.CAT.id), p.BOB)


@KINDS
async def test_everybody_but_the_owner_may_leave(kind):
    world = await p.world()
    it = await circle(world, kind)
    await p.joins(world, it, p.BOB, p.VIEWER)
    await world.do(RemoveMember(kind=kind, circle_id=it.id, user_id=p.BOB.id), p.BOB)
    await world.refuses(Hidden, RemoveMember(kind=kind, circle_id=it.id, user_id=p.BOB.id), p.BOB)
    await world.refuses(OwnerNeeded, RemoveMember(kind=kind, circle_id=it.id, user_id=p.ANN.id), p.ANN)


@KINDS
async def test_guests_leave_too_but_send_nobody_away_and_keys_only_do_what_their_scopes_say(kind):
    world = await p.world()
    it = await circle(world, kind)
    guest, reader = Caller(p.BOB.id, "guest"), Caller(p.CAT.id, "user", scopes=frozenset({f"{kind}s:read"}))
    await p.joins(world, it, p.BOB, p.MANAGER)
    await p.joins(world, it, p.CAT, p.MEMBER)
    await world.refuses(Forbidden, RemoveMember(kind=kind, circle_id=it.id, user_id=p.CAT.id), guest)
    await world.refuses(InsufficientScope, RemoveMember(kind=kind, circle_id=it.id, user_id=p.CAT.id), reader)
    await world.refuses(PreconditionFailed, RemoveMember(kind=kind, circle_id=it.id, user_id=p.BOB.id, if_match=1), guest)
    await world.do(RemoveMember(kind=kind, circle_id=it.id, user_id=p.BOB.id), guest)
    await world.refuses(Hidden, RemoveMember(kind=kind, circle_id=it.id, user_id=p.BOB.id), guest)


@KINDS
async def test_nobody_is_made_owner_and_told_twice_nothing_new_happens(kind):
    world = await p.world()
    it = await circle(world, kind)
    refused = await world.refuses(Refused, AddMember(kind=kind, circle_id=it.id, user_id=p.BOB.id, role=p.OWNER), p.ANN)
    assert refused.facts["errors"][0]["code"] == "not_allowed"
    wish = AddMember(kind=kind, circle_id=it.id, user_id=p.BOB.id, role=p.MEMBER)
    assert (await world.do(wish, p.ANN)).version == (await world.do(wish, p.ANN)).version
    await world.refuses(AlreadyMember, AddMember(kind=kind, circle_id=it.id, user_id=p.BOB.id, role=p.VIEWER), p.ANN)


async def test_only_who_has_an_account_that_can_be_used_becomes_a_member():
    world = await p.world()
    project = await p.project(world)
    await world.happened(p.BOB.id, UserDisabled(user_id=p.BOB.id, disabled_at=NOON))
    for user_id in (p.BOB.id, p.NOBODY, project.id):
        for wish in (
            AddMember(kind=p.PROJECT, circle_id=project.id, user_id=user_id, role=p.MEMBER),
            GiveToMember(kind=p.PROJECT, circle_id=project.id, user_id=user_id),
        ):
            if user_id != project.id or isinstance(wish, AddMember):
                refused = await world.refuses(Refused, wish, p.ANN)
                assert refused.facts["errors"][0]["code"] == "unknown_user"


@KINDS
async def test_a_worker_node_is_a_member_of_nothing_but_who_is_also_a_person_may_be(kind):
    world = await p.world()
    it, node = await circle(world, kind), UUID(int=0x0DE)
    registered = UserRegistered(user_id=node, email=Sealed("sealed"), name=Sealed("sealed"))
    await world.happened(node, registered, RoleGranted(user_id=node, role=Role.NODE))
    for wish in (
        AddMember(kind=kind, circle_id=it.id, user_id=node, role=p.MEMBER),
        GiveToMember(kind=kind, circle_id=it.id, user_id=node),
    ):
        assert (await world.refuses(Refused, wish, p.ANN)).facts["errors"][0]["code"] == "unknown_user"
    await world.happened(node, RoleGranted(user_id=node, role=Role.USER))
    await world.do(AddMember(kind=kind, circle_id=it.id, user_id=node, role=p.MEMBER), p.ANN)


async def test_there_is_room_for_a_hundred():
    full = p.planned.after(*(ProjectMemberAdded(at=NOON, project_id=p.planned.id, user_id=UUID(int=nth), role=p.MEMBER) for nth in range(1000, 1099)))
    given(full).when(lambda project: project.add_member(p.BOB.id, p.MEMBER, NOON)).refused(TooManyMembers, most=100)
    given(full).when(lambda project: project.give_to(p.BOB.id, NOON)).refused(TooManyMembers, most=100)
    assert len(full.members) == 100
    given(full).when(lambda project: project.give_to(UUID(int=1000), NOON)).then_a(p.Project.words.reowned)


async def test_given_away_it_has_a_new_owner_and_the_old_one_runs_it():
    world = await p.world()
    project = await p.project(world)
    await world.refuses(Hidden, GiveToMember(kind=p.PROJECT, circle_id=project.id, user_id=p.BOB.id), p.BOB)
    after = await world.do(GiveToMember(kind=p.PROJECT, circle_id=project.id, user_id=p.BOB.id), p.ANN)
    assert (after.owner_id, after.members) == (p.BOB.id, {p.ANN.id: p.MANAGER, p.BOB.id: p.OWNER})
    await world.refuses(Forbidden, GiveToMember(kind=p.PROJECT, circle_id=project.id, user_id=p.ANN.id), p.ANN)
    await p.project(world, p.ANN)  # Its name went with it.
    await world.refuses(NameTaken, GiveToMember(kind=p.PROJECT, circle_id=project.id, user_id=p.ANN.id), p.BOB)


async def test_of_an_owner_who_leaves_as_they_are_given_it_somebody_stays():
    world = await p.world(interleaved=True)
    team = await p.team(world)
    await p.joins(world, team, p.BOB, p.MANAGER)
    await together(
        lambda: world.do(GiveToMember(kind=p.TEAM, circle_id=team.id, user_id=p.BOB.id), p.ANN),
        lambda: world.do(RemoveMember(kind=p.TEAM, circle_id=team.id, user_id=p.BOB.id), p.BOB),
        lambda: world.do(RemoveMember(kind=p.TEAM, circle_id=team.id, user_id=p.ANN.id), p.ANN),
    )
    state, _ = await world.log.load(Membership, team.id)
    assert state.members[state.owner_id] is p.OWNER


async def test_the_id_of_a_team_is_no_project_to_put_tasks_into():
    world = await p.world()
    team = await p.team(world)
    await world.refuses(NotFound, CreateTask(title="Sweep", project_id=team.id), p.ANN)


steps = st.lists(st.tuples(st.sampled_from(["add", "change", "remove", "give", "lose"]), st.sampled_from(SOME), st.sampled_from(MemberRole)))


@for_all(steps=steps)
def test_whatever_happens_there_is_one_owner_who_is_a_member(steps):
    project = p.planned
    for what, who, role in steps:
        heir = next(iter(project.heirs()), None)
        decide = {
            "add": lambda it, who=who, role=role: it.add_member(who, role, NOON),
            "change": lambda it, who=who, role=role: it.change_role(who, role, NOON),
            "remove": lambda it, who=who: it.remove_member(who, NOON),
            "give": lambda it, who=who: it.give_to(who, NOON),
            "lose": lambda it, who=who, heir=heir: it.lose(who, heir, NOON),
        }[what]
        outcome = given(project).when(decide).outcome
        project = project.after(*outcome) if isinstance(outcome, list) else project
        assert [user for user, role in project.members.items() if role is p.OWNER] == [project.owner_id]


def test_the_heir_reaches_furthest_and_came_first():
    joined = [(p.BOB, p.VIEWER), (p.CAT, p.MEMBER), (p.DAN, p.MEMBER)]
    team = p.Team(id=UUID(int=1))
    team = team.after(
        *team.create(p.ANN.id, "Gardeners", None, NOON),
        *(TeamMemberAdded(at=NOON, team_id=team.id, user_id=who.id, role=role) for who, role in joined),
    )
    assert team.heirs() == [p.CAT.id, p.DAN.id, p.BOB.id]


@pytest.mark.parametrize(
    ("own", "in_team", "comes_to"),
    [
        (None, None, None), (p.VIEWER, None, p.VIEWER), (p.OWNER, p.VIEWER, p.OWNER), (None, p.VIEWER, p.VIEWER), (None, p.MEMBER, p.VIEWER),
        (p.MEMBER, p.MEMBER, p.MEMBER), (None, p.MANAGER, p.MANAGER), (None, p.OWNER, p.MANAGER), (p.VIEWER, p.OWNER, p.MANAGER),
    ],
)  # fmt: skip
def test_a_role_in_a_project_is_ones_own_or_what_ones_team_brings_whichever_reaches_further(own, in_team, comes_to):
    team = Membership(id=UUID(int=1), owner_id=p.ANN.id, members={p.ANN.id: p.OWNER} | ({p.BOB.id: in_team} if in_team else {}))
    project = Membership(id=UUID(int=2), owner_id=p.ANN.id, team_id=team.id, members={p.ANN.id: p.OWNER} | ({p.BOB.id: own} if own else {}))
    assert seat(project, team, p.BOB.id) is comes_to
    assert seat(project, team.but(deleted=True), p.BOB.id) is own
    assert seat(project.but(deleted=True), team, p.BOB.id) is None
    assert seat(project, None, p.BOB.id) is own
    assert seat(project, team, None) is None
