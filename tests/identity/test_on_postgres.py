"""The same promises where events, names and the vault are really written together, and commands on one stream form chains."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest

from application.identity.email import AskEmailChange, VerifyEmail
from application.identity.role import GrantRole, RevokeRole
from application.identity.session import LogOut
from application.identity.user import DisableUser, EnableUser
from application.shared.context import SYSTEM
from application.shared.link_token import LinkToken
from domain.identity.errors import EmailTaken, InvalidToken, RefreshReused
from domain.identity.role import Role
from infra.postgres.log import PostgresLog
from infra.postgres.migrate import migrate
from tests.identity.accounts import another, caller, first_admin, user
from tests.identity.small_daybook import Identity
from tests.servers import Database


@pytest.fixture
async def stored(any_database: Database) -> AsyncIterator[Identity]:
    migrate(any_database.owner_url)
    log = PostgresLog(any_database.app_url, readers=2)
    await log.start()
    made = Identity(log=log)
    yield made
    await log.stop()
    made.passwords.stop()


async def test_an_account_lives_from_registration_to_sign_out(stored):
    registered = await stored.register()
    signed_in = await stored.log_in()
    refreshed = await stored.refresh(signed_in.refresh_token)
    assert registered.person == signed_in.person == refreshed.person
    await stored.ask(LogOut(session_id=refreshed.session_id))
    with pytest.raises(InvalidToken):
        await stored.refresh(refreshed.refresh_token)
    await stored.refresh(registered.refresh_token)


async def test_of_eight_who_register_one_email_at_once_one_gets_it(stored):
    outcomes = await asyncio.gather(*(stored.register() for _ in range(8)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["EmailTaken"] * 7 + ["SignedIn"]
    with pytest.raises(EmailTaken):
        await stored.register()


@pytest.fixture
async def beside(any_database: Database) -> AsyncIterator[Identity]:
    """Another process on the same database."""
    log = PostgresLog(any_database.app_url, readers=2)
    await log.start()
    made = Identity(log=log)
    made.ids = itertools.count(1_000_000)
    yield made
    await log.stop()
    made.passwords.stop()


@pytest.mark.parametrize("command", [lambda one: DisableUser(user_id=one), lambda one: RevokeRole(user_id=one, role=Role.ADMIN)])
async def test_of_two_administrators_who_dismiss_each_other_at_once_exactly_one_succeeds(stored, beside, command):
    one, other = await first_admin(stored), await another(stored, Role.ADMIN)
    for second in (stored, beside):
        outcomes = await asyncio.gather(stored.ask(command(other.id), one), second.ask(command(one.id), other), return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LastAdmin", "Person"]
        for whom in (one, other):
            await stored.ask(EnableUser(user_id=whom.id), SYSTEM)
            await stored.ask(GrantRole(user_id=whom.id, role=Role.ADMIN), SYSTEM)


async def test_an_email_is_changed_and_the_former_one_is_free(stored):
    ada = caller(await stored.register())
    await stored.ask(AskEmailChange(email="new@example.org"), ada)
    asked = (await user(stored, ada.id)).verification
    token = LinkToken("verify-email", ada.id, asked.request_id).text(stored.sealing)
    outcomes = await asyncio.gather(*(stored.ask(VerifyEmail(token=token)) for _ in range(5)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidLink"] * 4 + ["NoneType"]
    assert (await stored.log_in("new@example.org")).person.id == ada.id
    assert (await stored.register()).person.id != ada.id


async def test_in_private_of_many_who_register_one_email_at_once_nobody_is_told_anything(stored):
    stored.settings.registration_privacy = True
    assert await asyncio.gather(*(stored.register() for _ in range(8))) == [None] * 8
    assert (await stored.log_in()).person.email == "ada@example.org"


async def test_twenty_refreshes_at_once_get_one_successor_that_works(stored):
    first = (await stored.register()).refresh_token
    answers = await asyncio.gather(*(stored.refresh(first) for _ in range(20)))
    assert len({answer.refresh_token for answer in answers}) == 1
    assert (await stored.refresh(answers[0].refresh_token)).refresh_token != answers[0].refresh_token


async def test_a_copy_that_is_used_late_ends_the_session_for_thief_and_owner(stored):
    stored.settings.refresh_grace_seconds = 0
    first = (await stored.register()).refresh_token
    second = (await stored.refresh(first)).refresh_token
    outcomes = await asyncio.gather(*(stored.refresh(first) for _ in range(5)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {RefreshReused, InvalidToken}
    assert RefreshReused in {type(outcome) for outcome in outcomes}
    with pytest.raises(InvalidToken):
        await stored.refresh(second)
