"""People keep filters for their lists of tasks: each under a name of its own, seen by nobody else, gone with the account."""

from uuid import UUID

import pytest

from application.shared.context import SYSTEM
from application.tasks.filters import ChangeFilter, ForgetFilters, RemoveFilter, SaveFilter
from domain.identity.events import UserErased
from domain.shared.refused import InsufficientRole, Invalid, NotFound, PreconditionFailed
from domain.tasks.errors import FilterNameTaken, TooManyFilters
from domain.tasks.events import TaskFilterChanged, TaskFilterRemoved, TaskFilterSaved, TaskFiltersForgotten
from domain.tasks.filters import MOST, Filters, filters_id
from tests.scenario import NOON, World
from tests.tasks.people import ANN, BOB, NODE, world_with_nodes

ANN_ID = UUID(int=0xA1)
LATE = {"status": "pending", "overdue": True}


async def kept(world: World) -> list[tuple[str, dict[str, object]]]:
    filters = Filters(id=filters_id(ANN_ID)).after(*world.events(filters_id(ANN_ID)))
    return [(one.name, one.query) for one in filters.kept.values()]


async def test_a_filter_is_saved_changed_by_merge_patch_and_removed():
    world = await world_with_nodes()
    saved = await world.do(SaveFilter(name="  Late ", query=LATE), ANN)
    assert (saved.name, saved.version, saved.query) == ("Late", 1, LATE)
    changed = await world.do(ChangeFilter(filter_id=saved.id, query={"overdue": None, "tag": "wet"}), ANN)
    assert (changed.name, changed.version, changed.query) == ("Late", 2, {"status": "pending", "tag": "wet"})
    same = await world.do(ChangeFilter(filter_id=saved.id, name="Late", query={"tag": "wet"}), ANN)
    assert same.version == 2
    await world.do(RemoveFilter(filter_id=saved.id), ANN)
    await world.refuses(NotFound, RemoveFilter(filter_id=saved.id), ANN)
    assert [type(event) for event in world.events(filters_id(ANN_ID))] == [TaskFilterSaved, TaskFilterChanged, TaskFilterRemoved]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
async def test_a_name_has_between_1_and_100_characters(name):
    world = await world_with_nodes()
    await world.refuses(Invalid, SaveFilter(name=name, query={}), ANN)


async def test_nobody_has_two_filters_of_one_name_in_whatever_case_and_a_name_comes_free_again():
    world = await world_with_nodes()
    first = await world.do(SaveFilter(name="Straße", query={}), ANN)
    assert (await world.refuses(FilterNameTaken, SaveFilter(name="STRASSE", query={}), ANN)).facts == {"filter_id": first.id}
    await world.do(SaveFilter(name="Straße", query={}), BOB)
    second = await world.do(SaveFilter(name="Second", query={}), ANN)
    await world.refuses(FilterNameTaken, ChangeFilter(filter_id=second.id, name="straße"), ANN)
    await world.do(ChangeFilter(filter_id=first.id, name="STRASSE"), ANN)
    await world.do(RemoveFilter(filter_id=first.id), ANN)
    await world.do(ChangeFilter(filter_id=second.id, name="straße"), ANN)


async def test_of_a_hundred_filters_one_must_go_before_another_comes():
    world = await world_with_nodes()
    for nth in range(MOST):
        last = await world.do(SaveFilter(name=str(nth), query={}), ANN)
    await world.refuses(TooManyFilters, SaveFilter(name="more", query={}), ANN)
    await world.do(RemoveFilter(filter_id=last.id), ANN)
    await world.do(SaveFilter(name="more", query={}), ANN)


async def test_a_change_of_another_version_is_refused():
    world = await world_with_nodes()
    saved = await world.do(SaveFilter(name="Late", query=LATE), ANN)
    await world.do(SaveFilter(name="Another", query={}), ANN)
    await world.do(ChangeFilter(filter_id=saved.id, name="Later", if_match=1), ANN)
    await world.refuses(PreconditionFailed, ChangeFilter(filter_id=saved.id, name="Latest", if_match=1), ANN)
    await world.refuses(PreconditionFailed, RemoveFilter(filter_id=saved.id, if_match=1), ANN)


async def test_filters_of_others_are_not_there_and_nodes_have_none():
    world = await world_with_nodes()
    saved = await world.do(SaveFilter(name="Late", query=LATE), ANN)
    await world.refuses(NotFound, ChangeFilter(filter_id=saved.id, name="Mine"), BOB)
    await world.refuses(NotFound, RemoveFilter(filter_id=saved.id), BOB)
    await world.refuses(InsufficientRole, SaveFilter(name="Late", query=LATE), NODE)


async def test_filters_go_with_the_account_and_by_nobodys_wish_but_daybooks():
    world = await world_with_nodes()
    await world.do(SaveFilter(name="Late", query=LATE), ANN)
    await world.refuses(InsufficientRole, ForgetFilters(user_id=ANN_ID), ANN)
    await world.do(ForgetFilters(user_id=ANN_ID), SYSTEM)
    assert await kept(world) == [("Late", LATE)]
    await world.happened(ANN_ID, UserErased(user_id=ANN_ID, erased_at=NOON))
    for _ in range(2):
        await world.do(ForgetFilters(user_id=ANN_ID), SYSTEM)
    assert await kept(world) == []
    assert world.events(filters_id(ANN_ID))[1:] == [TaskFiltersForgotten(at=NOON, user_id=ANN_ID)]
