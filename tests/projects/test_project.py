"""Projects: what they may be called, who may make and change them, and names that are there once."""

from datetime import date

import pytest

from application.projects.project import CreateProject, DeleteProject, EditProject, RestoreProject
from application.projects.team import DeleteTeam
from domain.projects.errors import TooManyProjects
from domain.projects.events import ProjectCreated, ProjectEdited, ProjectFields, TeamProjectListed
from domain.projects.status import ProjectStatus
from domain.projects.team import roster_stream
from domain.shared.conflicts import NameTaken
from domain.shared.merge_patch import merged
from domain.shared.refused import Forbidden, Hidden, InsufficientRole, NotFound, PreconditionFailed, Refused
from tests.projects import people as p
from tests.scenario import NOON, given, together

TODAY, TOMORROW = date(2026, 3, 1), date(2026, 3, 2)


def named(name: str) -> ProjectFields:
    return ProjectFields(name=name)


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        (named("ab"), "/name", "too_short"),
        (named("  ab  "), "/name", "too_short"),
        (named("n" * 101), "/name", "too_long"),
        (ProjectFields(name="Garden", description="d" * 1001), "/description", "too_long"),
        (ProjectFields(name="Garden", start_date=TODAY, end_date=TODAY), "/end_date", "must_be_later"),
        (ProjectFields(name="Garden", tags=("a", "b,c")), "/tags/1", "not_allowed"),
        (ProjectFields(name="Garden", custom_data={"x": "y" * 16_384}), "/custom_data", "too_large"),
        (ProjectFields(name="Garden", settings={"x": "y" * 16_384}), "/settings", "too_large"),
    ],
)
def test_a_field_that_does_not_fit_is_named_with_its_limit(fields, pointer, code):
    given(p.Project(id=p.NOBODY)).when(lambda project: project.create(p.ANN.id, None, fields, ProjectStatus.PLANNING, NOON)).invalid(pointer, code)


def test_a_project_begins_as_planning_or_active():
    made = given(p.Project(id=p.NOBODY))
    for status in ProjectStatus:
        then = made.when(lambda project, status=status: project.create(p.ANN.id, None, p.GARDEN, status, NOON))
        if status in {ProjectStatus.PLANNING, ProjectStatus.ACTIVE}:
            then.then_a(ProjectCreated, status=status)
        else:
            then.invalid("/status", "not_allowed")


def test_an_edit_says_what_was_and_what_is_and_what_is_the_same_is_no_edit():
    then = given(p.planned).when(lambda project: project.edit(ProjectFields(name=" Orchard ", tags=("Trees", "trees")), NOON))
    then.then_a(ProjectEdited, before=ProjectFields(name="Garden", tags=()), after=ProjectFields(name="Orchard", tags=("trees",)))
    given(p.planned).when(lambda project: project.edit(named("Garden"), NOON)).nothing()


def test_the_end_stays_after_the_start_whichever_of_them_is_changed():
    dated = p.planned.after(*p.planned.edit(ProjectFields(start_date=TODAY, end_date=TOMORROW), NOON))
    given(dated).when(lambda project: project.edit(ProjectFields(start_date=TOMORROW), NOON)).invalid("/end_date", "must_be_later")
    given(dated).when(lambda project: project.edit(ProjectFields(end_date=None, start_date=TOMORROW), NOON)).then_a(ProjectEdited)


def test_what_is_json_is_merged_as_a_merge_patch_says():
    filled = p.planned.after(*p.planned.edit(ProjectFields(custom_data={"beds": {"north": 1, "south": 2}, "rows": [1, 2]}), NOON))
    then = given(filled).when(lambda project: project.edit(ProjectFields(custom_data={"beds": {"south": None, "west": 3}, "rows": [4]}), NOON))
    then.then_a(ProjectEdited, after=ProjectFields(custom_data={"beds": {"north": 1, "west": 3}, "rows": [4]}))
    given(filled).when(lambda project: project.edit(ProjectFields(custom_data={"none": None}), NOON)).nothing()


@pytest.mark.parametrize(
    ("target", "patch", "after"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_rfc_7396_come_out_as_it_says(target, patch, after):
    assert merged(target, patch) == after


async def test_a_name_is_there_once_in_a_team_or_with_an_owner_whatever_its_case():
    world = await p.world()
    team, other = await p.team(world), await p.team(world, name="Others")
    await p.project(world)
    await world.refuses(NameTaken, CreateProject(fields=named("GARDEN")), p.ANN)
    await p.project(world, p.BOB)
    await p.project(world, team_id=team.id)
    await world.refuses(NameTaken, CreateProject(fields=named("gärden".replace("ä", "a")), team_id=team.id), p.ANN)
    await p.project(world, team_id=other.id)


async def test_of_two_who_take_a_name_at_once_one_gets_it():
    world = await p.world(interleaved=True)
    team = await p.team(world)
    await p.joins(world, team, p.BOB, p.MANAGER)
    wish = CreateProject(fields=named("Garden"), team_id=team.id)
    outcomes = await together(lambda: world.do(wish, p.ANN), lambda: world.do(wish, p.BOB), lambda: world.do(wish, p.ADMIN))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NameTaken", "NameTaken", "Project"]


async def test_a_name_is_free_once_its_project_is_called_something_else_or_deleted_and_a_restored_one_wants_it_back():
    world = await p.world()
    first = await p.project(world)
    await world.do(EditProject(project_id=first.id, changes=named("Orchard")), p.ANN)
    second = await p.project(world)
    await world.refuses(NameTaken, EditProject(project_id=first.id, changes=named("gardeN")), p.ANN)
    await world.do(EditProject(project_id=second.id, changes=named("GARDEN")), p.ANN)
    await world.do(DeleteProject(project_id=second.id), p.ANN)
    third = await p.project(world)
    await world.refuses(NameTaken, RestoreProject(project_id=second.id), p.ANN)
    await world.do(DeleteProject(project_id=third.id), p.ANN)
    assert (await world.do(RestoreProject(project_id=second.id), p.ANN)).name == "GARDEN"


async def test_a_team_has_a_hundred_projects_at_most_and_a_deleted_one_does_not_count():
    world = await p.world()
    team = await p.team(world)
    made = [await p.project(world, team_id=team.id, name=f"Garden {nth}") for nth in range(100)]
    await world.refuses(TooManyProjects, CreateProject(fields=named("One more"), team_id=team.id), p.ANN)
    await world.do(DeleteProject(project_id=made[0].id), p.ANN)
    await p.project(world, team_id=team.id, name="One more")
    await world.refuses(TooManyProjects, RestoreProject(project_id=made[0].id), p.ANN)


async def test_of_many_who_make_the_hundredth_project_at_once_one_does():
    world = await p.world(interleaved=True)
    team = await p.team(world)
    listed = [TeamProjectListed(at=NOON, team_id=team.id, project_id=p.UUID(int=nth)) for nth in range(99)]
    await world.happened(roster_stream(team.id), *listed)
    wishes = [CreateProject(fields=named(f"Garden {nth}"), team_id=team.id) for nth in range(3)]
    outcomes = await together(*(lambda wish=wish: world.do(wish, p.ANN) for wish in wishes))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Project", "TooManyProjects", "TooManyProjects"]


async def test_who_runs_a_team_makes_its_projects_and_others_are_not_told_that_it_exists():
    world = await p.world()
    team = await p.team(world)
    await p.joins(world, team, p.BOB, p.MANAGER)
    await p.joins(world, team, p.CAT, p.MEMBER)
    wish = CreateProject(fields=p.GARDEN, team_id=team.id)
    assert (await world.do(wish, p.BOB)).owner_id == p.BOB.id
    await world.refuses(Forbidden, wish, p.CAT)
    for team_id in (team.id, p.NOBODY):
        refused = await world.refuses(Refused, CreateProject(fields=p.GARDEN, team_id=team_id), p.DAN)
        assert refused.facts["errors"][0]["code"] == "unknown_team"
    await world.refuses(InsufficientRole, wish, p.AUDITOR)
    await world.do(DeleteTeam(team_id=team.id), p.ANN)
    await world.refuses(Refused, wish, p.BOB)


async def test_the_owner_deletes_and_restores_a_manager_edits_a_member_reads_a_stranger_sees_nothing():
    world = await p.world()
    project = await p.project(world)
    await p.joins(world, project, p.BOB, p.MANAGER)
    await p.joins(world, project, p.CAT, p.MEMBER)
    edit, delete = EditProject(project_id=project.id, changes=named("Orchard")), DeleteProject(project_id=project.id)
    await world.refuses(Hidden, edit, p.DAN)
    await world.refuses(Forbidden, edit, p.CAT)
    await world.refuses(InsufficientRole, edit, p.AUDITOR)
    assert (await world.do(edit, p.BOB)).name == "Orchard"
    await world.refuses(Forbidden, delete, p.BOB)
    await world.refuses(PreconditionFailed, DeleteProject(project_id=project.id, if_match=1), p.ANN)
    await world.do(delete, p.ANN)
    for who in (p.ANN, p.BOB, p.ADMIN):
        await world.refuses(NotFound, delete, who)
        await world.refuses(NotFound, edit, who)
    await world.refuses(Hidden, RestoreProject(project_id=project.id), p.BOB)
    assert (await world.do(RestoreProject(project_id=project.id), p.ANN)).exists


async def test_who_runs_the_team_runs_its_projects_and_its_other_members_only_read_them():
    world = await p.world()
    team = await p.team(world)
    await p.joins(world, team, p.BOB, p.MANAGER)
    await p.joins(world, team, p.CAT, p.MEMBER)
    project = await p.project(world, team_id=team.id)
    assert (await world.do(EditProject(project_id=project.id, changes=named("Orchard")), p.BOB)).name == "Orchard"
    await world.refuses(Forbidden, EditProject(project_id=project.id, changes=named("Orchard")), p.CAT)


async def test_the_id_of_a_team_names_no_project_and_the_other_way_round():
    world = await p.world()
    team, project = await p.team(world), await p.project(world)
    await world.refuses(NotFound, EditProject(project_id=team.id, changes=named("Orchard")), p.ANN)
    await world.refuses(NotFound, RestoreProject(project_id=team.id), p.ADMIN)
    await world.refuses(NotFound, DeleteTeam(team_id=project.id), p.ADMIN)
