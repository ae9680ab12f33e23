"""There is always somebody who can administer this system, whatever happens at the same time."""

import asyncio
from uuid import UUID

import pytest

from application.identity.oauth_client import RegisterOAuthClient, RemoveOAuthClient
from application.identity.role import GrantRole, RevokeRole
from application.identity.user import DisableUser, EnableUser
from application.shared.context import SYSTEM
from domain.identity.admins import ADMINS, Admins
from domain.identity.errors import LastAdmin
from domain.identity.events import AdminAppointed, AdminDismissed
from domain.identity.role import Role
from tests.identity.accounts import another, first_admin
from tests.identity.small_daybook import Identity
from tests.scenario import given

ONE, OTHER = UUID(int=1), UUID(int=2)
alone = Admins(id=ADMINS).after(AdminAppointed(user_id=ONE))
both = alone.after(AdminAppointed(user_id=OTHER))


def test_the_last_one_is_not_dismissed():
    given(alone).when(lambda admins: admins.dismiss(ONE)).refused(LastAdmin)
    after = given(both).when(lambda admins: admins.dismiss(ONE)).then(AdminDismissed(user_id=ONE))
    given(after).when(lambda admins: admins.dismiss(OTHER)).refused(LastAdmin)


def test_who_is_one_already_or_was_none_is_no_news():
    given(alone).when(lambda admins: admins.appoint(ONE)).nothing()
    given(alone).when(lambda admins: admins.dismiss(OTHER)).nothing()
    given(Admins(id=ADMINS)).when(lambda admins: admins.dismiss(ONE)).nothing()


async def appointed(identity: Identity) -> frozenset[UUID]:
    admins, _ = await identity.log.load(Admins, ADMINS)
    return admins.appointed


async def test_whatever_gives_or_takes_the_power_to_administer_counts(identity):
    root = await first_admin(identity)
    made, user = await another(identity, Role.ADMIN), await another(identity, Role.USER)
    assert await appointed(identity) == {root.id, made.id}
    for command, expected in (
        (GrantRole(user_id=user.id, role=Role.ADMIN), {root.id, made.id, user.id}),
        (DisableUser(user_id=user.id), {root.id, made.id}),
        (RevokeRole(user_id=user.id, role=Role.USER), {root.id, made.id}),
        (EnableUser(user_id=user.id), {root.id, made.id, user.id}),
        (RevokeRole(user_id=user.id, role=Role.ADMIN), {root.id, made.id}),
        (DisableUser(user_id=made.id), {root.id}),
        (RevokeRole(user_id=made.id, role=Role.ADMIN), {root.id}),
        (EnableUser(user_id=made.id), {root.id}),
    ):
        await identity.ask(command, root)
        assert await appointed(identity) == expected


@pytest.mark.parametrize("machine", [Role.NODE, Role.SERVICE])
async def test_a_machine_is_no_administrator_to_count_on_for_it_can_never_give_a_role(identity, machine):
    root, made = await first_admin(identity), await another(identity, machine)
    await identity.ask(GrantRole(user_id=made.id, role=Role.ADMIN), root)
    assert await appointed(identity) == {root.id}
    with pytest.raises(LastAdmin):
        await identity.ask(GrantRole(user_id=root.id, role=machine), root)
    await identity.ask(RevokeRole(user_id=made.id, role=machine), root)
    assert await appointed(identity) == {root.id, made.id}


async def test_the_account_of_a_program_that_is_removed_does_not_count_any_more(identity):
    root = await first_admin(identity)
    wish = RegisterOAuthClient(name="Robot", kind="confidential", redirect_uris=(), grants=("client_credentials",), scopes=("tasks:read",))
    program = await identity.ask(wish, root)
    await identity.ask(RevokeRole(user_id=program.service_account, role=Role.SERVICE), root)
    await identity.ask(GrantRole(user_id=program.service_account, role=Role.ADMIN), root)
    assert await appointed(identity) == {root.id, program.service_account}
    await identity.ask(RemoveOAuthClient(client_id=program.id), root)
    assert await appointed(identity) == {root.id}


@pytest.mark.parametrize("command", [lambda one: DisableUser(user_id=one), lambda one: RevokeRole(user_id=one, role=Role.ADMIN)])
async def test_the_last_administrator_can_neither_be_disabled_nor_lose_the_role(identity, command):
    root = await first_admin(identity)
    other = await another(identity, Role.ADMIN)
    await identity.ask(DisableUser(user_id=other.id), root)
    before = identity.facts()
    with pytest.raises(LastAdmin):
        await identity.ask(command(root.id), root)
    assert identity.facts() == before


@pytest.mark.parametrize("command", [lambda one: DisableUser(user_id=one), lambda one: RevokeRole(user_id=one, role=Role.ADMIN)])
async def test_of_two_who_dismiss_each_other_at_once_exactly_one_succeeds(identity, command):
    root, other = await first_admin(identity), await another(identity, Role.ADMIN)
    identity.log._pause = lambda: asyncio.sleep(0)
    outcomes = await asyncio.gather(identity.ask(command(other.id), root), identity.ask(command(root.id), other), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LastAdmin", "Person"]
    assert len(await appointed(identity)) == 1


async def test_an_administrator_of_before_there_was_a_count_joins_it_with_the_next_thing_that_happens(identity):
    root, other = await first_admin(identity), await another(identity, Role.ADMIN)
    identity.log._streams[ADMINS].clear()
    await identity.ask(GrantRole(user_id=root.id, role=Role.USER), SYSTEM)
    assert await appointed(identity) == {root.id}
    await identity.ask(EnableUser(user_id=other.id), SYSTEM)
    assert await appointed(identity) == {root.id, other.id}


async def test_the_first_administrator_of_such_a_log_is_counted_at_the_next_start_and_stays(identity):
    root = await first_admin(identity)
    identity.log._streams[ADMINS].clear()
    await first_admin(identity)
    assert await appointed(identity) == {root.id}
    with pytest.raises(LastAdmin):
        await identity.ask(DisableUser(user_id=root.id), root)
