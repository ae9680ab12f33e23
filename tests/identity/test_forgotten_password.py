"""Replacing a forgotten password by the link of a mail, without a word to strangers."""

import asyncio

import pytest

from application.identity.email import AskEmailChange, VerifyEmail
from application.identity.password import AskPasswordReset, ResetPassword
from application.identity.typed import Typed
from application.identity.user import CreateUser, DisableUser, EnableUser
from application.shared.context import SYSTEM
from application.shared.link_token import LinkToken
from domain.identity.errors import InvalidCredentials, InvalidLink, InvalidToken, PasswordTooCommon
from domain.identity.events import PasswordChanged, PasswordResetAsked
from domain.shared.refused import TooManyRequests
from tests.identity.accounts import caller, link
from tests.identity.small_daybook import PASSWORD, Identity
from tests.identity.test_password import NEW, change
from tests.identity.test_user import Counted


async def forgot(identity: Identity, email: str = "ada@example.org") -> None:
    await identity.ask(AskPasswordReset(email=email))


async def reset(identity: Identity, token: str, new: str = NEW) -> None:
    await identity.ask(ResetPassword(token=token, new=Typed(new)))


async def test_a_forgotten_password_is_replaced_by_the_link_of_a_mail_once(identity):
    signed_in = await identity.register()
    await forgot(identity, " ADA@example.org")
    token = link(identity, "reset-password", signed_in.person.id)
    identity.later(1)
    await reset(identity, token)
    request = next(one.event.request_id for one in identity.log.recorded if isinstance(one.event, PasswordResetAsked))
    assert identity.log.recorded[-1].event == PasswordChanged(user_id=signed_in.person.id, changed_at=identity.time, request_id=request)
    assert identity.log.recorded[-1].actor_id == signed_in.person.id
    with pytest.raises(InvalidToken):
        await identity.refresh(signed_in.refresh_token)
    with pytest.raises(InvalidCredentials):
        await identity.log_in()
    identity.later(1)
    assert await identity.log_in(password=NEW)
    with pytest.raises(InvalidLink):
        await reset(identity, token, "a third garden")


async def test_who_was_given_an_account_without_a_password_chooses_one_by_that_link(identity):
    made = await identity.ask(CreateUser(email="ada@example.org", name="Ada"), SYSTEM)
    assert [kind for kind, _ in identity.log.vault] == ["person_key"]
    for guess in (PASSWORD, ""):
        with pytest.raises(InvalidCredentials):
            await identity.log_in(password=guess)
    await forgot(identity)
    await reset(identity, link(identity, "reset-password", made.id))
    identity.later(1)
    assert (await identity.log_in(password=NEW)).person.id == made.id


async def test_the_link_lasts_an_hour_and_only_the_newest_counts(identity):
    user_id = (await identity.register()).person.id
    for _ in range(2):
        await forgot(identity)
        identity.later(61)
    with pytest.raises(InvalidLink):
        await reset(identity, link(identity, "reset-password", user_id, 0))
    identity.later(3600 - 61)
    with pytest.raises(InvalidLink):
        await reset(identity, link(identity, "reset-password", user_id))
    await forgot(identity)
    identity.later(3599)
    await reset(identity, link(identity, "reset-password", user_id))


async def test_a_link_is_void_after_a_change_of_password_or_email(identity):
    ada = caller(await identity.register())
    await forgot(identity)
    first = link(identity, "reset-password", ada.id)
    await change(identity, ada)
    with pytest.raises(InvalidLink):
        await reset(identity, first)
    identity.later(61)
    await forgot(identity)
    await identity.ask(AskEmailChange(email="new@example.org"), ada)
    await identity.ask(VerifyEmail(token=link(identity, "verify-email", ada.id)))
    with pytest.raises(InvalidLink):
        await reset(identity, link(identity, "reset-password", ada.id))


async def test_who_forgot_it_and_guessed_too_often_does_not_wait_after_the_link(identity):
    user_id = (await identity.register()).person.id
    refused: list[type] = []
    while TooManyRequests not in refused:
        with pytest.raises((InvalidCredentials, TooManyRequests)) as told:
            await identity.log_in(password="guess after guess")
        refused.append(told.type)
    await forgot(identity)
    await reset(identity, link(identity, "reset-password", user_id))
    assert (await identity.log_in(password=NEW)).person.id == user_id


async def test_other_links_replace_no_password(identity):
    user_id = (await identity.register()).person.id
    await forgot(identity)
    asked = next(one.event for one in identity.log.recorded if isinstance(one.event, PasswordResetAsked))
    for wrong in ("", "x.y.z", link(identity, "verify-email", user_id), LinkToken("verify-email", user_id, asked.request_id).text(identity.sealing)):
        with pytest.raises(InvalidLink):
            await reset(identity, wrong)
    with pytest.raises(PasswordTooCommon):
        await reset(identity, link(identity, "reset-password", user_id), "password123")
    await reset(identity, link(identity, "reset-password", user_id))


async def test_of_two_uses_of_one_link_at_once_one_counts(identity):
    user_id = (await identity.register()).person.id
    await forgot(identity)
    token = link(identity, "reset-password", user_id)
    identity.log._pause = lambda: asyncio.sleep(0)
    outcomes = await asyncio.gather(reset(identity, token), reset(identity, token, "a third garden"), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidLink", "NoneType"]


async def test_who_may_not_sign_in_gets_no_link_and_an_old_one_does_nothing(identity):
    user_id = (await identity.register()).person.id
    await forgot(identity)
    await identity.ask(DisableUser(user_id=user_id), SYSTEM)
    identity.later(61)
    await forgot(identity)
    assert identity.facts().count("PasswordResetAsked") == 1
    with pytest.raises(InvalidLink):
        await reset(identity, link(identity, "reset-password", user_id))
    await identity.ask(EnableUser(user_id=user_id), SYSTEM)
    await forgot(identity)
    assert identity.facts().count("PasswordResetAsked") == 2


async def test_known_and_unknown_emails_get_the_same_answer_after_the_same_work_and_one_mail_a_minute(identity):
    await identity.register()
    counted, told = Counted(identity), []
    reads = []
    identity.log._pause = lambda: (reads.append(1), asyncio.sleep(0))[1]
    for email in ("ada@example.org", "ada@example.org", "nobody@example.org", "no e-mail", "\0"):
        answer = await identity.ask(AskPasswordReset(email=email))
        told.append((answer, counted.writes, len(reads)))
        counted.writes = 0
        reads.clear()
    assert told == [told[0]] * 5
    assert (told[0][1], identity.facts().count("PasswordResetAsked")) == (1, 1)
