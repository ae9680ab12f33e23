"""Roles given and taken."""

from uuid import UUID

import pytest

from application.identity.role import GrantRole, RevokeRole
from application.identity.session import LogIn
from application.identity.standing import Standing
from application.identity.typed import Typed
from application.shared.context import Caller
from domain.identity.errors import AccountErased, InvalidRole
from domain.identity.events import RoleGranted, RoleRevoked, UserErased
from domain.identity.role import Role, role_named
from domain.shared.refused import InsufficientRole, InsufficientScope, NotFound
from tests.identity.accounts import another, first_admin
from tests.identity.small_daybook import NOON, PASSWORD
from tests.identity.test_standing import claims


@pytest.mark.parametrize(
    ("word", "role"),
    [("admin", Role.ADMIN), ("ADMIN", Role.ADMIN), ("Project_Manager", Role.MANAGER), ("TEAM_MEMBER", Role.USER), ("GUEST", Role.GUEST)]
    + [(role.value, role) for role in Role],
)
def test_a_role_has_its_name_in_any_case_and_a_synonym(word, role):
    assert role_named(word) is role


@pytest.mark.parametrize("word", ["", "root", "admin ", "project manager", "\u0130"])
def test_other_words_are_no_roles(word):
    with pytest.raises(InvalidRole) as refused:
        role_named(word, "/here")
    assert refused.value.facts["errors"][0]["pointer"] == "/here"


async def test_roles_are_facts_and_the_one_that_reaches_furthest_decides(identity):
    root, user = await first_admin(identity), await another(identity, Role.USER)
    made = await identity.ask(GrantRole(user_id=user.id, role=Role.MANAGER), root)
    assert (made.role, made.roles, made.version) == (Role.MANAGER, (Role.MANAGER, Role.USER), 3)
    last = identity.log.recorded[-1]
    assert (last.event, last.actor_id) == (RoleGranted(user_id=user.id, role=Role.MANAGER), root.id)
    left = await identity.ask(RevokeRole(user_id=user.id, role=Role.MANAGER), root)
    assert (left.role, left.roles) == (Role.USER, (Role.USER,))
    assert identity.log.recorded[-1].event == RoleRevoked(user_id=user.id, role=Role.MANAGER)


async def test_what_is_given_or_taken_twice_is_no_news(identity):
    root, user = await first_admin(identity), await another(identity, Role.USER)
    before = identity.facts()
    await identity.ask(GrantRole(user_id=user.id, role=Role.USER), root)
    await identity.ask(RevokeRole(user_id=user.id, role=Role.NODE), root)
    assert identity.facts() == before


async def test_who_has_no_role_left_is_a_guest(identity):
    root, user = await first_admin(identity), await another(identity, Role.USER)
    assert (await identity.ask(RevokeRole(user_id=user.id, role=Role.USER), root)).role is Role.GUEST


async def test_a_new_role_acts_within_a_second_on_who_is_signed_in(identity):
    root, user = await first_admin(identity), await another(identity, Role.USER)
    signed_in = await identity.ask(LogIn(email="user@example.org", password=Typed(PASSWORD)))
    standing = Standing(identity.log)
    assert (await standing.caller(claims(signed_in))).roles == {"user"}
    await identity.ask(GrantRole(user_id=user.id, role=Role.AUDITOR), root)
    identity.later(1)
    assert (await standing.caller(claims(signed_in))).roles == {"user", "auditor"}
    await identity.ask(RevokeRole(user_id=user.id, role=Role.AUDITOR), root)
    identity.later(1)
    assert (await standing.caller(claims(signed_in))).roles == {"user"}


@pytest.mark.parametrize("command", [GrantRole, RevokeRole])
async def test_only_administrators_give_and_take_and_only_where_there_is_an_account(identity, command):
    root, user = await first_admin(identity), await another(identity, Role.USER)
    for role in set(Role) - {Role.ADMIN}:
        with pytest.raises(InsufficientRole):
            await identity.ask(command(user_id=user.id, role=Role.ADMIN), Caller(user.id, role.value))
    with pytest.raises(InsufficientScope):
        await identity.ask(command(user_id=user.id, role=Role.ADMIN), Caller(root.id, "admin", scopes=frozenset({"users:read"})))
    session = await identity.log_in("user@example.org")
    for nobody in (UUID(int=999), session.session_id):
        with pytest.raises(NotFound):
            await identity.ask(command(user_id=nobody, role=Role.ADMIN), root)


@pytest.mark.parametrize("command", [GrantRole, RevokeRole])
async def test_an_erased_account_stays_as_it_is(identity, command):
    root, user = await first_admin(identity), await another(identity, Role.USER)
    await identity.record(user.id, UserErased(user_id=user.id, erased_at=NOON))
    with pytest.raises(AccountErased):
        await identity.ask(command(user_id=user.id, role=Role.USER), root)
