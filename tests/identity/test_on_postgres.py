"""The same promises where events, names and the vault are really written together, and commands on one stream form chains."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from application.identity.session import LogOut
from domain.identity.errors import EmailTaken, InvalidToken, RefreshReused
from infra.postgres.log import PostgresLog
from infra.postgres.migrate import migrate
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
