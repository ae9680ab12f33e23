"""What the read models of projects come to."""

from uuid import UUID

from application.projects.member import GiveToMember, RemoveMember
from application.projects.project import DeleteProject
from application.tasks.task import CreateTask
from domain.shared.event import Recorded
from domain.tasks.events import TaskMoved
from projections.projects.activity import ACTIVITY
from projections.projects.memberships import MEMBERSHIPS
from projections.projects.projects import PROJECTS
from projections.projects.teams import TEAMS
from tests.projects import people as p
from tests.scenario import NOON, folded


async def test_rows_have_the_members_and_roles_the_aggregates_have():
    world = await p.world()
    team = await p.team(world)
    project = await p.project(world, team_id=team.id)
    for who, role in ((p.BOB, p.MANAGER), (p.CAT, p.VIEWER)):
        await p.joins(world, project, who, role)
    await world.do(GiveToMember(kind=p.PROJECT, circle_id=project.id, user_id=p.DAN.id), p.ANN)
    await world.do(RemoveMember(kind=p.PROJECT, circle_id=project.id, user_id=p.CAT.id), p.CAT)
    await world.do(GiveToMember(kind=p.TEAM, circle_id=team.id, user_id=p.BOB.id), p.ANN)
    for shape, model, circle in ((p.Project, PROJECTS, project), (p.Team, TEAMS, team)):
        state, row = (await world.log.load(shape, circle.id))[0], folded(model, world.recorded)[circle.id]
        assert (row.member_ids, row.owner_id, row.version, row.name) == (state.member_ids, state.owner_id, state.version, state.name)
        kept = {key[1]: one.role for key, one in folded(MEMBERSHIPS, world.recorded).items() if key[0] == circle.id}
        assert kept == {user: role.value for user, role in state.members.items()}
    await world.do(DeleteProject(project_id=project.id), p.DAN)
    assert folded(PROJECTS, world.recorded)[project.id].deleted


async def test_a_move_shows_where_the_task_left_and_where_it_came_and_own_tasks_nowhere():
    world = await p.world()
    here, there = await p.project(world), await p.project(world, name="Orchard")
    await world.do(CreateTask(title="My own"), p.ANN)
    own = len(folded(ACTIVITY, world.recorded))
    assert own == 2  # of the projects themselves
    moved = Recorded(99, UUID(int=5), 2, TaskMoved(at=NOON, project_id=there.id, from_project_id=here.id), p.ANN.id, NOON)
    assert set(folded(ACTIVITY, [moved])) == {(here.id, 99), (there.id, 99)}
    left = Recorded(99, UUID(int=5), 2, TaskMoved(at=NOON, from_project_id=here.id), p.ANN.id, NOON)
    assert set(folded(ACTIVITY, [left])) == {(here.id, 99)}
