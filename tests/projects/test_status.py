"""Where a project stands: the table of S4-C10 and nothing beside it."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from application.projects.project import ChangeProjectStatus, EditProject
from domain.projects.events import ProjectFields, ProjectStatusChanged
from domain.projects.status import ProjectStatus
from domain.shared.conflicts import InvalidTransition, ProjectArchived
from domain.shared.refused import Forbidden
from tests.projects import people as p
from tests.scenario import NOON, given

PLANNING, ACTIVE, ON_HOLD, COMPLETED, ARCHIVED = ProjectStatus
STEPS = {
    (PLANNING, ACTIVE), (PLANNING, ON_HOLD), (PLANNING, ARCHIVED), (ACTIVE, ON_HOLD), (ACTIVE, COMPLETED), (ACTIVE, ARCHIVED),
    (ON_HOLD, ACTIVE), (ON_HOLD, ARCHIVED), (COMPLETED, ARCHIVED),
}  # fmt: skip
statuses = st.sampled_from(ProjectStatus)


def at(status: ProjectStatus):
    return p.planned.after(ProjectStatusChanged(at=NOON, project_id=p.planned.id, from_status=PLANNING, to_status=status))


@for_all(start=statuses, to=statuses)
def test_it_goes_where_the_table_says_and_nowhere_else(start, to):
    then = given(at(start)).when(lambda project: project.stand(to, None, NOON))
    if start is to:
        then.nothing()
    elif (start, to) in STEPS:
        assert then.then_a(ProjectStatusChanged, from_status=start, to_status=to).status is to
    else:
        allowed = [one for one in ProjectStatus if (start, one) in STEPS]
        refused = then.refused(InvalidTransition, to=to)
        assert refused.facts["from"] is start
        assert sorted(refused.facts["allowed"]) == sorted(allowed)


@for_all(steps=st.lists(statuses, max_size=12))
def test_whatever_is_asked_an_archived_project_stays_archived(steps):
    project = p.planned
    for step in steps:
        then = given(project).when(lambda project, step=step: project.stand(step, None, NOON))
        was_archived, project = project.archived, project.after(*then.outcome) if isinstance(then.outcome, list) else project
        assert project.archived or not was_archived
        assert project.archived is (project.status is ARCHIVED)


def test_an_archived_project_is_read_only():
    archived = given(at(ARCHIVED))
    archived.when(lambda project: project.edit(ProjectFields(name="Orchard"), NOON)).refused(ProjectArchived)
    archived.when(lambda project: project.add_member(p.BOB.id, p.MEMBER, NOON)).refused(ProjectArchived)
    archived.when(lambda project: project.change_role(p.BOB.id, p.MEMBER, NOON)).refused(ProjectArchived)
    archived.when(lambda project: project.remove_member(p.BOB.id, NOON)).refused(ProjectArchived)
    archived.when(lambda project: project.give_to(p.BOB.id, NOON)).refused(ProjectArchived)


def test_a_word_may_be_typed_in_any_case():
    assert [ProjectStatus("ON_HOLD"), ProjectStatus("Active")] == [ON_HOLD, ACTIVE]
    with pytest.raises(ValueError, match="lost"):
        ProjectStatus("lost")


async def test_who_runs_it_moves_it_on_and_who_works_on_it_does_not():
    world = await p.world()
    project = await p.project(world)
    for who, role in ((p.BOB, p.MANAGER), (p.CAT, p.MEMBER)):
        await p.joins(world, project, who, role)
    await world.refuses(Forbidden, ChangeProjectStatus(project_id=project.id, status=ACTIVE), p.CAT)
    after = await world.do(ChangeProjectStatus(project_id=project.id, status=ACTIVE, reason="Spring"), p.BOB)
    assert after.status is ACTIVE
    assert world.events(project.id)[-1].reason == "Spring"
    await world.do(ChangeProjectStatus(project_id=project.id, status=ARCHIVED), p.ADMIN)
    await world.refuses(ProjectArchived, EditProject(project_id=project.id, changes=ProjectFields(name="Orchard")), p.ADMIN)
