"""An e-mail counts as one's own when the link that was sent to it was used."""

import asyncio
from uuid import UUID

import pytest

from application.identity.email import AskEmailChange, AskVerificationAgain, VerifyEmail
from application.identity.password import ChangePassword
from application.identity.typed import Typed
from application.shared.context import Caller
from application.shared.link_token import LinkToken
from domain.identity.errors import EmailBlocked, EmailTaken, InvalidEmail, InvalidLink
from domain.identity.events import EmailChanged, EmailVerified
from domain.identity.role import Role
from domain.shared.refused import InsufficientRole, InsufficientScope, Unauthenticated
from tests.identity.accounts import another, caller, link, user
from tests.identity.small_daybook import PASSWORD, Identity

DAY = 86_400


async def prove(identity: Identity, user_id: UUID, nth: int = -1) -> None:
    await identity.ask(VerifyEmail(token=link(identity, "verify-email", user_id, nth)))


async def test_the_link_of_the_registration_proves_the_email_once(identity):
    ada = caller(await identity.register())
    await prove(identity, ada.id)
    assert isinstance(identity.log.recorded[-1].event, EmailVerified)
    assert identity.log.recorded[-1].actor_id == ada.id
    assert (await user(identity, ada.id)).verified
    with pytest.raises(InvalidLink):
        await prove(identity, ada.id)


async def test_another_email_is_the_accounts_when_its_link_was_used_and_the_former_is_free(identity):
    ada = caller(await identity.register())
    await identity.ask(AskEmailChange(email=" Ada.King@Example.org"), ada)
    assert (await identity.log_in()).person.email == "ada@example.org"
    before = await user(identity, ada.id)
    await prove(identity, ada.id)
    changed = identity.log.recorded[-1].event
    assert changed == EmailChanged(user_id=ada.id, email=before.verification.email, former=before.email)
    who = (await identity.log_in("ada.king@example.org")).person
    assert (who.email, who.email_verified) == ("ada.king@example.org", True)
    assert (await identity.register("ada@example.org")).person.id != ada.id


async def test_only_the_newest_request_counts(identity):
    ada = caller(await identity.register())
    await identity.ask(AskEmailChange(email="ada@one.example"), ada)
    await identity.ask(AskEmailChange(email="ada@two.example"), ada)
    for nth in (0, 1):
        with pytest.raises(InvalidLink):
            await prove(identity, ada.id, nth)
    await prove(identity, ada.id, 2)
    assert (await identity.log_in("ada@two.example")).person.id == ada.id


async def test_another_password_voids_the_link_to_another_email_but_not_the_one_to_the_present_one(identity):
    ada, new = caller(await identity.register()), "another garden of paths"
    await identity.ask(ChangePassword(old=Typed(PASSWORD), new=Typed(new)), ada)
    await prove(identity, ada.id)
    await identity.ask(AskEmailChange(email="eve@example.org"), ada)
    await identity.ask(ChangePassword(old=Typed(new), new=Typed(PASSWORD)), ada)
    with pytest.raises(InvalidLink):
        await prove(identity, ada.id)


async def test_a_link_is_good_for_a_day(identity):
    ada = caller(await identity.register())
    identity.later(DAY)
    with pytest.raises(InvalidLink):
        await prove(identity, ada.id)
    assert (await identity.ask(AskVerificationAgain(), ada)).email_verified is False
    identity.later(DAY - 1)
    await prove(identity, ada.id)


async def test_what_this_server_did_not_write_is_no_link(identity):
    ada, eve = caller(await identity.register()), caller(await identity.register("eve@example.org"))
    right = link(identity, "verify-email", ada.id)
    request = (await user(identity, ada.id)).verification.request_id
    for wrong in (
        "", "x", "a.b.c", right[:-1], right + "=", right.upper(), "\ud800.\0.",
        LinkToken("reset-password", ada.id, request).text(identity.sealing),
        LinkToken("verify-email", eve.id, request).text(identity.sealing),
        LinkToken("verify-email", UUID(int=999), request).text(identity.sealing),
        LinkToken("verify-email", ada.session_id, request).text(identity.sealing),
    ):  # fmt: skip
        with pytest.raises(InvalidLink):
            await identity.ask(VerifyEmail(token=wrong))
    assert not (await user(identity, ada.id)).verified


async def test_an_email_of_somebody_else_is_taken(identity):
    ada = caller(await identity.register())
    await identity.register("bob@example.org")
    for same in ("bob@example.org", "BOB@example.org"):
        with pytest.raises(EmailTaken):
            await identity.ask(AskEmailChange(email=same), ada)


async def test_of_two_who_want_one_email_the_faster_gets_it(identity):
    ada, bob = caller(await identity.register()), caller(await identity.register("bob@example.org"))
    for one in (ada, bob):
        await identity.ask(AskEmailChange(email="new@example.org"), one)
    identity.log._pause = lambda: asyncio.sleep(0)
    outcomes = await asyncio.gather(prove(identity, ada.id), prove(identity, bob.id), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["EmailTaken", "NoneType"]
    identity.log._pause = None
    emails = sorted([(await identity.log_in("new@example.org")).person.id, *[one.id for one in (ada, bob) if not await changed(identity, one)]])
    assert emails == sorted([ada.id, bob.id])


async def changed(identity: Identity, who: Caller) -> bool:
    return any(isinstance(one.event, EmailChanged) and one.event.user_id == who.id for one in identity.log.recorded)


async def test_of_two_uses_of_one_link_at_once_one_counts(identity):
    ada = caller(await identity.register())
    identity.log._pause = lambda: asyncio.sleep(0)
    outcomes = await asyncio.gather(prove(identity, ada.id), prove(identity, ada.id), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidLink", "NoneType"]


async def test_in_private_nobody_learns_from_a_change_who_is_known(identity):
    identity.settings.registration_privacy = True
    await identity.register("bob@example.org")
    await identity.register()
    ada = caller(await identity.log_in())
    told = [await identity.ask(AskEmailChange(email=email), ada) for email in ("bob@example.org", "nobody@example.org")]
    assert told[0] == told[1]
    await identity.ask(AskEmailChange(email="bob@example.org"), ada)
    with pytest.raises(EmailTaken):
        await prove(identity, ada.id)


async def test_what_is_no_email_or_of_a_blocked_domain_is_refused(identity):
    identity.settings.email_blocked_domains = "blocked.example"
    ada = caller(await identity.register())
    with pytest.raises(InvalidEmail):
        await identity.ask(AskEmailChange(email="no e-mail"), ada)
    with pytest.raises(EmailBlocked):
        await identity.ask(AskEmailChange(email="ada@blocked.example"), ada)


async def test_the_mail_comes_again_once_a_minute_until_nothing_is_to_be_proved(identity):
    ada = caller(await identity.register())
    for seconds, mails in ((0, 1), (59, 1), (1.1, 2), (0, 2)):
        identity.later(seconds)
        await identity.ask(AskVerificationAgain(), ada)
        assert identity.facts().count("EmailVerificationAsked") == mails
    await prove(identity, ada.id)
    identity.later(61)
    told = await identity.ask(AskVerificationAgain(), ada)
    assert (told.email_verified, told.link_expires_at) == (True, None)
    assert identity.facts().count("EmailVerificationAsked") == 2


async def test_the_mail_that_comes_again_goes_to_the_email_one_wants_to_change_to(identity):
    ada = caller(await identity.register())
    await identity.ask(AskEmailChange(email="new@example.org"), ada)
    identity.later(61)
    await identity.ask(AskVerificationAgain(), ada)
    await prove(identity, ada.id)
    assert (await identity.log_in("new@example.org")).person.id == ada.id


async def test_machines_keys_and_strangers_change_no_email(identity):
    service = await another(identity, Role.SERVICE)
    ada = caller(await identity.register())
    for refusal, who in (
        (InsufficientRole, service),
        (InsufficientScope, Caller(ada.id, "user", scopes=frozenset({"self:*", "self:secure"}))),
        (Unauthenticated, Caller(None, "system")),
    ):
        with pytest.raises(refusal):
            await identity.ask(AskEmailChange(email="new@example.org"), who)
